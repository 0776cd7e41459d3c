/* What a checkpoint is: numbers of the architecture, recipe of the input, names of the classes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "model/recipe.h"
#include "model/tensor.h"
#include "simd/activation.h"

#define CNX_STAGES 4

typedef enum CnxDialect { /* whose tensor names the file uses */
                          CNX_DIALECT_TRANSFORMERS,
                          CNX_DIALECT_TIMM,
                          CNX_DIALECT_TORCHVISION,
                          CNX_DIALECT_FACEBOOK,
                          CNX_DIALECT_OPENMMLAB,
} CnxDialect;

typedef enum CnxOrigin {                     /* who said so */
                         CNX_ORIGIN_LIBRARY, /* nobody: the library's own default for the variant */
                         CNX_ORIGIN_CONFIG,  /* config.json */
                         CNX_ORIGIN_PREPROCESSOR, /* preprocessor_config.json */
                         CNX_ORIGIN_LABELS,       /* labels.txt */
} CnxOrigin;

typedef enum CnxItem { /* what tensors do not show, and somebody must say */
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

typedef struct CnxConfig {
    char *variant; /* "convnext_tiny", "convnextv2_atto", "convnext (1,1,3,1; 24,48,96,160)" */
    CnxDialect dialect;
    CnxDtype dtype;           /* in which most of the weights are stored */
    guint depths[CNX_STAGES]; /* blocks */
    guint dims[CNX_STAGES];   /* channels */
    guint classes;            /* outputs of the head; 0: no head */
    guint hidden;             /* width of the head's hidden layer; 0: none */
    gboolean layer_scale;     /* V1: gamma */
    gboolean grn;             /* V2: global response normalisation */
    gboolean head_norm_first; /* normalise each pixel, then pool (timm _hnf) */
    gboolean final_norm;      /* norm.weight and norm.bias are there */
    gboolean multi_label;     /* scores are independent: sigmoid, not softmax */
    CnxAct act;               /* in the blocks */
    double eps;               /* of every layer norm but the last */
    double head_eps;          /* of the last */
    guint64 parameters;       /* elements of all tensors used */
    CnxRecipe recipe;
    CnxOrigin origin[CNX_ITEMS]; /* of each item */
    char **labels; /* [classes], then NULL; NULL: nobody named them. An entry is never NULL */
} CnxConfig;

/* Makes a zeroed config; frees one and what it owns, NULL allowed. */
CnxConfig *cnx_config_new(void);
void cnx_config_free(CnxConfig *config);
const char *cnx_dialect_name(CnxDialect dialect);

/* "config.json", ...; "default" for CNX_ORIGIN_LIBRARY. */
const char *cnx_origin_name(CnxOrigin origin);
