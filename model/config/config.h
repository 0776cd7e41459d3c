/* What a checkpoint is: numbers of the architecture, recipe of the input, names of the classes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "model/base/tensor.h"
#include "model/config/recipe.h"
#include "simd/activation.h"

#define CNX_STAGES 4 /* at most */

/* Whose tensor names the file uses */
typedef enum CnxDialect {
    CNX_DIALECT_TRANSFORMERS,
    CNX_DIALECT_TIMM,
    CNX_DIALECT_TORCHVISION,
    CNX_DIALECT_FACEBOOK,
    CNX_DIALECT_OPENMMLAB,
    CNX_DIALECT_OPEN_CLIP,
} CnxDialect;

/* Who said so */
typedef enum CnxOrigin {
    CNX_ORIGIN_LIBRARY,      /* nobody: the library's own default for the variant */
    CNX_ORIGIN_CONFIG,       /* config.json */
    CNX_ORIGIN_PREPROCESSOR, /* preprocessor_config.json */
    CNX_ORIGIN_OPEN_CLIP,    /* open_clip_config.json */
    CNX_ORIGIN_LABELS,       /* labels.txt */
    CNX_ORIGIN_IMAGENET,     /* cnx_labels_imagenet */
} CnxOrigin;

/* What tensors do not show, and somebody must say */
typedef enum CnxItem {
    CNX_ITEM_SIZE,
    CNX_ITEM_RESIZE,
    CNX_ITEM_CROP,
    CNX_ITEM_FILTER,
    CNX_ITEM_RESCALE,
    CNX_ITEM_MEAN,
    CNX_ITEM_STD,
    CNX_ITEM_ACT,
    CNX_ITEM_EPS,
    CNX_ITEM_HEAD_EPS,
    CNX_ITEM_LABELS,
    CNX_ITEMS
} CnxItem;

typedef enum CnxStem {
    CNX_STEM_PATCH,       /* one convolution, patches side by side */
    CNX_STEM_OVERLAP,     /* two 3x3 convolutions of stride 2, padded by 1 */
    CNX_STEM_OVERLAP_ACT, /* the same with an activation between them */
} CnxStem;

/* Simd/layernorm.h */
typedef enum CnxNormKind {
    CNX_NORM_LAYER,
    CNX_NORM_RMS,
    CNX_NORM_SIMPLE,
} CnxNormKind;

/* Of two sets of weights in one file: those that training updated, and the exponential moving
 * average of them. AUTO: the raw ones where both are there; of a file: it has one set. */
typedef enum CnxWeightSet {
    CNX_WEIGHT_SET_AUTO,
    CNX_WEIGHT_SET_RAW,
    CNX_WEIGHT_SET_EMA,
} CnxWeightSet;

typedef struct CnxConfig {
    char *variant; /* "convnext_tiny", "convnextv2_atto", "convnext (1,1,3,1; 24,48,96,160)" */
    CnxDialect dialect;
    CnxDtype dtype; /* in which most of the weights are stored */
    guint channels; /* of the images: 3, or 1: the stem reads their luma */
    CnxStem stem;
    guint patch;                 /* side of the patch stem's patches */
    guint stem_width;            /* channels between the two convolutions of an overlapping stem */
    gboolean stem_norm;          /* after the stem; only isotropic networks have none */
    guint stages;                /* 4; 1: isotropic */
    gboolean first_down;         /* stage 0 has a downsampling layer too (timm, patches of 2) */
    guint depths[CNX_STAGES];    /* blocks */
    guint dims[CNX_STAGES];      /* channels */
    guint kernels[CNX_STAGES];   /* side of the depthwise convolutions */
    guint dilations[CNX_STAGES]; /* of the depthwise convolutions: 1, or 2, 4, 8 (timm), where a
                                    stage whose dilation is twice that of the one before keeps its
                                    map's size */
    gboolean conv_bias;          /* of the stem, the downsampling and the depthwise convolutions */
    CnxNormKind norm;            /* every norm */
    gboolean output_norm[CNX_STAGES]; /* the stage's output is normalised (dense backbones) */
    guint classes;                    /* outputs of the head; 0: no head */
    guint projection; /* width of a projection in place of the head (CLIP), whose output is
                         the embedding; 0: none */
    guint hidden;     /* width of the head's hidden layer; 0: none */
    gboolean head_bias;
    gboolean layer_scale;     /* V1: gamma */
    gboolean grn;             /* V2: global response normalisation */
    gboolean head_norm_first; /* normalise each pixel, then pool (timm _hnf) */
    gboolean final_norm;      /* norm.weight and norm.bias are there */
    gboolean multi_label;     /* scores are independent: sigmoid, not softmax */
    CnxAct act;               /* in the blocks */
    double eps;               /* of every layer norm but the last */
    double head_eps;          /* of the last */
    guint64 parameters;       /* elements of all tensors used */
    const char *container;    /* format of the file: "safetensors", "PyTorch zip", ... */
    CnxWeightSet weight_set;  /* which set of the file's weights these are */
    char *weights_key;        /* where they are in it: "model", "state_dict_ema"; "": top level */
    CnxRecipe recipe;
    CnxOrigin origin[CNX_ITEMS]; /* of each item */
    char **labels; /* [classes], then NULL; NULL: nobody named them. An entry is never NULL */
    char *ignored; /* sentence: which files beside the weights are not about them; NULL: none */
} CnxConfig;

/* Makes the config of the ordinary architecture, V1 or V2, without numbers: 4 stages, 4x4 patches,
 * 7x7 kernels, layer norms, every bias, RGB; all else is zero. */
CnxConfig *cnx_config_new(void);
void cnx_config_free(CnxConfig *config); /* and what it owns; NULL allowed */

/* Of the downsampling before a stage: 2, or 1 where it only widens the dilation. A stage without
 * downsampling: 1. */
guint cnx_config_stride(const CnxConfig *config, guint stage);

#define CNX_DILATED_KERNEL_MAX 7 /* of a dilated stage: taps spread over 49 pixels at most */

/* Dilates the stages that would be further than output_stride from the image, as timm does. FALSE:
 * one of these has larger kernels than CNX_DILATED_KERNEL_MAX. */
gboolean cnx_config_dilate(CnxConfig *config, guint output_stride);

/* Side of the smallest image that leaves a pixel in the last stage. */
guint cnx_config_min_side(const CnxConfig *config);

const char *cnx_dialect_name(CnxDialect dialect);

/* "config.json", ...; "default" for CNX_ORIGIN_LIBRARY. */
const char *cnx_origin_name(CnxOrigin origin);

const char *cnx_weight_set_name(CnxWeightSet set); /* "only", "raw", "ema" */
