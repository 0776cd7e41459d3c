/* Tables of names, one per library and kind of network.
 *
 * In a pattern, `#` matches a number. For the canonical number n, `+` is n+1, `@` the odd number
 * 2n+1, and `%` the even number 2n. A pattern that ends in a dot matches the weight and the bias of
 * that module.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/config/config.h"

typedef struct CnxNamesRow {
    const char *original, *canonical;
} CnxNamesRow;

typedef struct CnxNames {
    CnxDialect dialect;
    double head_eps;         /* of the last layer norm, if no config sets it */
    const char *witness;     /* suffix of the tensor's name that identifies the library */
    const char *inside;      /* suffix that the witness's prefix must have; NULL: any prefix */
    const char *also;        /* another tensor, with the same prefix, that must exist; or NULL */
    gboolean outside;        /* the head is next to the body's module, not inside it */
    const CnxNamesRow *rows; /* the first match counts; a row of NULLs ends the list */
} CnxNames;

/* The first match counts, and the last table of each witness always matches. A table without a
 * witness ends the list. */
extern const CnxNames cnx_names[];
