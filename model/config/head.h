/* The head of a network: the steps that follow the pooling and the last norm. A plain classifier is
 * a single linear layer.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/error.h"

#define CNX_HEAD_STEPS 16 /* maximum; fastai: 4 */

typedef enum CnxHeadKind {
    CNX_HEAD_LINEAR,
    CNX_HEAD_NORM,       /* layer norm */
    CNX_HEAD_BATCH_NORM, /* with its running statistics: a scale and a shift for each channel */
} CnxHeadKind;

typedef enum CnxHeadAct {
    CNX_HEAD_ACT_NONE,
    CNX_HEAD_ACT_RELU,
    CNX_HEAD_ACT_GELU,
    CNX_HEAD_ACT_GELU_TANH,
    CNX_HEAD_ACT_SILU,
    CNX_HEAD_ACT_TANH,
} CnxHeadAct;

/* Of the norms behind the first one, if the library does not set another: PyTorch's default */
#define CNX_HEAD_EPS 1e-5

/* A layer and the activation behind it */
typedef struct CnxHeadStep {
    CnxHeadKind kind;
    guint inputs, outputs; /* the same for norms */
    gboolean bias;         /* of a linear layer */
    gboolean affine;       /* a norm has a weight and a bias */
    CnxHeadAct act;
} CnxHeadStep;

typedef struct CnxHead {
    gboolean concat; /* the pooling yields the maximum, then the mean of each channel (fastai) */
    guint count;
    guint output; /* the linear layer whose input is the embedding; count: there is none */
    CnxHeadStep steps[CNX_HEAD_STEPS];
} CnxHead;

/* "relu", "gelu-tanh", ... */
const char *cnx_head_act_name(CnxHeadAct act);

/* Reads words with commas between them into acts [CNX_HEAD_STEPS] and their *count. FALSE with
 * error (CNX_ERROR_SETTINGS) for an unknown word. */
gboolean cnx_head_parse_acts(const char *text, CnxHeadAct *acts, guint *count, GError **error);

/* All words, "relu, gelu, ... or none". Free with g_free. */
char *cnx_head_act_words(void);

/* A linear layer; with hidden > 0 another one of that width before it, and GELU between them. */
void cnx_head_set_plain(CnxHead *head, guint inputs, guint hidden, guint outputs, gboolean bias);

/* Whether the head is one that cnx_head_set_plain makes, or has no steps. *hidden: its hidden width
 * or 0. */
gboolean cnx_head_is_plain(const CnxHead *head, guint *hidden);

/* The canonical name of the module of a step, with a dot at its end: "head." for the last linear
 * layer, "head.0.", ... for the others. */
#define CNX_HEAD_NAME_SIZE 24
void cnx_head_module(const CnxHead *head, guint step, char name[CNX_HEAD_NAME_SIZE]);

/* Width of the embedding in a network whose last stage has so many channels. */
guint cnx_head_features(const CnxHead *head, guint channels);

/* "batch norm", "linear layer of 64, relu". Free with g_free. */
char *cnx_head_step_text(const CnxHeadStep *step);

/* The poolings, unless it is the mean alone, and all steps, with "; " between them. Free with
 * g_free. */
char *cnx_head_text(const CnxHead *head);
