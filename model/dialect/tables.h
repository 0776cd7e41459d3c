/* Tables of names, one for each library and kind of network.
 *
 * In a pattern, `#` stands for a number; where the canonical side has n, `+` stands for n+1, `@`
 * for the odd number 2n+1 and `%` for the even 2n. A pattern that ends in a point stands for that
 * module's weight and bias.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/config/config.h"

typedef struct CnxNamesRow {
    const char *original, *canonical;
} CnxNamesRow;

typedef struct CnxNames {
    CnxDialect dialect;
    double head_eps;         /* of the last layer norm, where no config says it */
    const char *witness;     /* the tensor that gives the library away; ends in it */
    const char *inside;      /* what is before the witness ends in this; NULL: in anything */
    const char *also;        /* a tensor beside the witness that must be there too; NULL: none */
    gboolean outside;        /* the head is beside the module that the body is in, not in it */
    const CnxNamesRow *rows; /* up to one with NULLs; the first that fits counts */
} CnxNames;

/* Up to one whose witness is NULL; the first that fits counts, and the last of each witness fits
 * always. */
extern const CnxNames cnx_names[];
