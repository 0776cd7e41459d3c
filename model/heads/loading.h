/* What loading a segmenter and a detector share: the checkpoint, its head's tensors, and the
 * backbone as a model of its own.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/heads/tensors.h"
#include "model/network/model.h"
#include "simd/kernels.h"

/* What to open; the request of CnxSharedClass. */
typedef struct CnxHeadRequest {
    const char *path;
    const CnxOpenOptions *options;
    CnxModelCheckFn *check; /* may be NULL */
    gpointer user_data;
} CnxHeadRequest;

typedef struct CnxHeadLoading {
    const CnxHeadRequest *request;
    CnxCheckpoint *checkpoint;
    CnxHeadTensors tensors;
    const CnxKernels *kernels;
    CnxForm form; /* of the backbone's products */
    char *file;   /* for messages */
    char *key;    /* of the model, when the checkpoint was opened */
    GError **error;
} CnxHeadLoading;

void cnx_head_loading_clear(CnxHeadLoading *l);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CnxHeadLoading, cnx_head_loading_clear)

/* The key of a shared head: prefix, such as "segmenter|", and the model's key. NULL if the files
 * cannot be read. The caller owns it. */
char *cnx_head_key(const CnxHeadRequest *request, const char *prefix);

/* Whether the request's check allows a head whose packed weights, the backbone's included, take
 * this many bytes. FALSE with error. */
gboolean cnx_head_is_allowed(const CnxHeadRequest *request, const CnxConfig *config, gsize weights,
                             GError **error);

/* Sets kernels and form. FALSE with error if an environment variable holds an unknown word. */
gboolean cnx_head_choose_kernels(CnxHeadLoading *l);

/* Sets checkpoint, file and key. FALSE with error. */
gboolean cnx_head_open_checkpoint(CnxHeadLoading *l);

/* The form of the head's products: int8 is the backbone's alone, so they stay in fp32. */
CnxForm cnx_head_form(const CnxHeadLoading *l);

/* Opens the backbone, which an element that runs only the backbone shares. NULL with error, also if
 * the file has changed since it was opened. */
CnxModel *cnx_head_open_backbone(const CnxHeadLoading *l);
