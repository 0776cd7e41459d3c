/* Translates the libraries' names of ConvNeXt's tensors to canonical names
 * (model/checkpoint/checkpoint.h) and back.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/error.h"
#include "model/config/config.h"

typedef struct CnxNaming {
    const struct CnxNames *names; /* the library's table */
    CnxDialect dialect;
    double head_eps; /* the library's default eps of the last layer norm */
    char *prefix;    /* of all names in the body, without wrappers: "", "backbone.", ... */
} CnxNaming;

/* Detects which library named tensors [count]. Errors: CNX_ERROR_NOT_CONVNEXT, with the kind of
 * network if it is a well-known one; CNX_ERROR_UNSUPPORTED for sparse pre-training weights. */
gboolean cnx_naming_detect(CnxNaming *naming, const CnxTensor *tensors, guint count,
                           const char *file, GError **error);
void cnx_naming_clear(CnxNaming *naming);

/* The canonical name, or NULL if the tensor is not part of the network. Free with g_free. */
char *cnx_naming_canonical(const CnxNaming *naming, const char *name);

/* The part of name behind the modules that it shares with the prefix of the body, without wrappers
 * (model/dialect/wrappers.h). *inside: whether it begins with a module of the body. Free with
 * g_free. */
char *cnx_naming_rest(const CnxNaming *naming, const char *name, gboolean *inside);

/* The name of a tensor outside the stem and the stages, without wrappers; NULL for one of the body.
 * *level: how much of the body's prefix it has, in characters. Free with g_free. */
char *cnx_naming_outside(const CnxNaming *naming, const char *name, guint *level);

/* The library's name of a part, or NULL if it has no such part. Free with g_free. */
char *cnx_naming_spell(const CnxNaming *naming, const char *canonical);

/* The same for messages: falls back to the canonical name. Free with g_free. */
char *cnx_naming_original(const CnxNaming *naming, const char *canonical);

/* Whether the library's networks of this kind have this canonical module ("stem.norm."). */
gboolean cnx_naming_has(const CnxNaming *naming, const char *module);
