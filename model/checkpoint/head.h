/* Reads the head of a checkpoint: which layers follow the pooling, in which order, with which
 * activations.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/checkpoint/checkpoint.h"
#include "model/dialect/names.h"

typedef struct CnxHeadSource {
    CnxPart *parts; /* [count], all tensors of the file */
    guint count;
    const CnxNaming *naming;
    GHashTable *tensors; /* canonical name -> const CnxTensor * as in the file */
    GStringChunk *names; /* owns the canonical names of parts */
    const char *file;
    const char *activation; /* CnxOpenOptions.head_activation */
} CnxHeadSource;

/* Sets the members of config that describe the head, and the canonical names of its tensors, in
 * parts and in tensors. Call it when harmless tensors have their reasons. FALSE with error:
 * CNX_ERROR_UNSUPPORTED if the tensors do not say what the head computes, CNX_ERROR_SETTINGS if
 * activation does not fit the head. */
gboolean cnx_head_read(const CnxHeadSource *source, CnxConfig *config, GError **error);
