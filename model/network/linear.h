/* Linear layers of a run: as one product, or cut by output columns into tasks.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/network/forward.h"

/* c[m, n] = act(a[m, k] W^T + bias) + residual[m, n]; sumsq[n] += the squares of each column of c
 */
typedef struct CnxProduct {
    guint m;
    const float *a; /* [m, k] */
    void *rows;     /* m rows, which cnx_linear_round() writes; not read or written in fp32 */
    float *c;
    CnxAct act;
    const float *residual; /* NULL: none */
    float *sumsq;          /* NULL: not needed */
} CnxProduct;

/* Rounds a to rows, if the layer's form needs it. The product follows. */
void cnx_linear_round(const CnxRun *run, const CnxLinear *linear, const CnxProduct *product);

/* Does so for m pixels from pixel `first` of a batch on, into the run's rows. a: [m, k] */
void cnx_linear_round_part(const CnxRun *run, const CnxLinear *linear, gsize first, guint m,
                           const float *a);

/* Computes the whole product on the calling thread. */
void cnx_linear(const CnxRun *run, const CnxLinear *linear, CnxProduct product);

/* Computes the same product for each image, cut by columns, on the run's threads; for maps with
 * few pixels but many weights. The images' a, c, residual and sumsq follow each other in memory. */
void cnx_linear_columns(const CnxRun *run, const CnxLinear *linear, guint images,
                        CnxProduct product);
