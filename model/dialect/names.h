/* The names that libraries give to ConvNeXt's tensors, and the canonical ones
 * (model/checkpoint/checkpoint.h).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/error.h"
#include "model/config/config.h"

typedef struct CnxNaming {
    const struct CnxNames *names; /* whose table */
    CnxDialect dialect;
    double head_eps; /* of the last layer norm, as the library has it by default */
    char *prefix;    /* before every name of the body: "", "backbone.", "module.convnext.", ... */
} CnxNaming;

/* Finds out which library named tensors [count]. Errors: CNX_ERROR_NOT_CONVNEXT, naming the
 * network where it is a well-known one; CNX_ERROR_UNSUPPORTED for sparse pre-training weights. */
gboolean cnx_naming_detect(CnxNaming *naming, const CnxTensor *tensors, guint count,
                           const char *file, GError **error);
void cnx_naming_clear(CnxNaming *naming);

/* The canonical name, or NULL: the tensor is no part of the network. Free with g_free. */
char *cnx_naming_canonical(const CnxNaming *naming, const char *name);

/* The other way: what the library calls that part, or NULL: it has no such part. Free with g_free.
 */
char *cnx_naming_spell(const CnxNaming *naming, const char *canonical);

/* The same for messages: the canonical name where the library has none. Free with g_free. */
char *cnx_naming_original(const CnxNaming *naming, const char *canonical);

/* Whether the networks that are named so have this canonical module ("stem.norm."). */
gboolean cnx_naming_has(const CnxNaming *naming, const char *module);
