/* The description of a checkpoint: its architecture, input recipe and class labels.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/json.h"
#include "model/base/precision.h"
#include "model/base/tensor.h"
#include "model/config/decision.h"
#include "model/config/head.h"
#include "model/config/recipe.h"
#include "simd/activation.h"

#define CNX_STAGES 4 /* maximum */

/* The library whose tensor names the file uses */
typedef enum CnxDialect {
    CNX_DIALECT_TRANSFORMERS,
    CNX_DIALECT_TIMM,
    CNX_DIALECT_TORCHVISION,
    CNX_DIALECT_FACEBOOK,
    CNX_DIALECT_OPENMMLAB,
    CNX_DIALECT_OPEN_CLIP,
} CnxDialect;

/* The source of an item's value */
typedef enum CnxOrigin {
    CNX_ORIGIN_LIBRARY,      /* the library's default for the variant */
    CNX_ORIGIN_CONFIG,       /* config.json */
    CNX_ORIGIN_PREPROCESSOR, /* preprocessor_config.json */
    CNX_ORIGIN_OPEN_CLIP,    /* open_clip_config.json */
    CNX_ORIGIN_LABELS,       /* labels.txt */
    CNX_ORIGIN_IMAGENET,     /* cnx_labels_imagenet() */
    CNX_ORIGIN_WEIGHTS,      /* tensors of the checkpoint */
} CnxOrigin;

/* Values that the tensors do not show */
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

/* See simd/layernorm.h */
typedef enum CnxNormKind {
    CNX_NORM_LAYER,
    CNX_NORM_RMS,
    CNX_NORM_SIMPLE,
} CnxNormKind;

/* Which of two sets of weights in one file: the trained ones, or their exponential moving average.
 * As a request, AUTO means the raw set if the file has both; as an answer, that the file has a
 * single set. */
typedef enum CnxWeightSet {
    CNX_WEIGHT_SET_AUTO,
    CNX_WEIGHT_SET_RAW,
    CNX_WEIGHT_SET_EMA,
} CnxWeightSet;

/* What the caller knows about a checkpoint */
typedef struct CnxOpenOptions {
    CnxWeightSet weight_set;
    const char *head_activation; /* words for the activations that the tensors do not show, see
                                    cnx_head_parse_acts(); NULL: not known */
    CnxPrecision precision;      /* requested; see cnx_model_form() */
    gboolean no_config;          /* the config files beside the weights are of another model */
} CnxOpenOptions;

typedef struct CnxConfig {
    char *variant; /* "convnext_tiny", "convnextv2_atto", "convnext (1,1,3,1; 32,64,128,192)" */
    CnxDialect dialect;
    CnxDtype dtype;        /* of most of the stored weights */
    gboolean is_quantised; /* some weights are stored as 8-bit integers, with scales */
    guint channels;        /* of the images: 3, or 1 if the stem reads luma */
    CnxStem stem;
    guint patch;                 /* side of the patch stem's patches */
    guint stem_width;            /* channels between the two convolutions of an overlapping stem */
    gboolean stem_norm;          /* a norm follows the stem; FALSE in isotropic networks only */
    guint stages;                /* 4, or 1 if isotropic */
    gboolean first_down;         /* stage 0 has a downsampling layer too (timm, patches of 2) */
    guint depths[CNX_STAGES];    /* blocks; 0 in the last stage of a body that ends with its
                                    downsampling layer */
    guint dims[CNX_STAGES];      /* channels */
    guint kernels[CNX_STAGES];   /* side of the depthwise convolutions */
    guint dilations[CNX_STAGES]; /* of the depthwise convolutions: 1, or 2, 4, 8 (timm). A stage
                                    whose dilation is twice that of the previous stage does not
                                    shrink its map */
    gboolean conv_bias;          /* of the stem, the downsampling and the depthwise convolutions */
    CnxNormKind norm;            /* every norm */
    gboolean output_norm[CNX_STAGES]; /* the stage's output is normalised (dense backbones) */
    guint classes;                    /* outputs of the head; 0 without a head */
    guint projection;         /* width of a projection in place of the head (CLIP), whose output is
                                 the embedding; 0 without one */
    CnxHead head;             /* behind the last norm */
    gboolean layer_scale;     /* V1: gamma */
    gboolean grn;             /* V2: global response normalisation */
    gboolean head_norm_first; /* normalise each pixel, then pool (timm _hnf) */
    gboolean final_norm;      /* norm.weight and norm.bias exist */
    gboolean norm_is_assumed; /* the head is behind a network without classes, which might also be
                                 used without its final norm */
    gboolean multi_label;     /* scores are independent: sigmoid, not softmax */
    gboolean regression;      /* the outputs are values, not scores: no activation */
    CnxDecision decision;     /* which classes are present; empty if the config has no such keys */
    CnxAct act;               /* in the blocks */
    double eps;               /* of every layer norm but the last */
    double head_eps;          /* of the last */
    guint64 parameters;       /* elements of all tensors used */
    const char *container;    /* file format: "safetensors", "PyTorch zip", ... */
    CnxWeightSet weight_set;  /* which of the file's sets was read */
    char *weights_key;        /* its key in the file: "model", "state_dict_ema"; "" at top level */
    CnxRecipe recipe;
    CnxOrigin origin[CNX_ITEMS];
    char **labels; /* [classes], NULL terminated; NULL if the classes have no names */
    char *ignored; /* a sentence about files of another model next to the weights; NULL if none */
    gboolean no_config; /* no config file was read, since they are of another model */
    char *unused_heads; /* ignored matrices that fit the last stage, and a dense head; or NULL */
} CnxConfig;

/* Creates a config of the ordinary architecture, V1 or V2, without its numbers: 4 stages, 4x4
 * patches, 7x7 kernels, layer norms, every bias, RGB; everything else is zero. */
CnxConfig *cnx_config_new(void);
void cnx_config_free(CnxConfig *config); /* also frees the members; NULL allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CnxConfig, cnx_config_free)

/* Stride of the downsampling before a stage: 2; or 1 if the stage has none, or only widens the
 * dilation. */
guint cnx_config_stride(const CnxConfig *config, guint stage);

/* Dilates the stages whose stride would exceed output_stride, as timm does. */
void cnx_config_dilate(CnxConfig *config, guint output_stride);

/* Side of the smallest image that leaves a pixel in the last stage. */
guint cnx_config_min_side(const CnxConfig *config);

/* Whether each class has a score of its own: the config says so, or there is only one, whose
 * softmax would always be 1. */
gboolean cnx_config_is_sigmoid(const CnxConfig *config);

/* Sets multi_label and regression from the key "problem_type" of transformers, then reads the
 * decision. Call it after the labels are read. Does nothing if the model has no classes. */
gboolean cnx_config_read_scores(CnxConfig *config, const CnxJson *json);

/* A key of a config file and the item that it sets */
typedef struct CnxItemKey {
    const char *key;
    CnxItem item;
} CnxItemKey;

/* Sets the origin of each item of keys [count] whose key json contains. */
void cnx_config_set_origins(CnxConfig *config, const CnxJson *json, CnxOrigin origin,
                            const CnxItemKey *keys, guint count);

const char *cnx_dialect_name(CnxDialect dialect);

/* "config.json", ...; "default" for CNX_ORIGIN_LIBRARY. */
const char *cnx_origin_name(CnxOrigin origin);

const char *cnx_weight_set_name(CnxWeightSet set); /* "only", "raw", "ema" */
