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
    void *rows;     /* receives a, rounded to the layer's form; not used if that reads floats */
    float *c;
    CnxAct act;
    const float *residual; /* NULL: none */
    float *sumsq;          /* NULL: not needed */
} CnxProduct;

/* Computes the whole product on the calling thread. If the layer's form needs it, rounds a to rows
 * first. */
void cnx_linear(const CnxRun *run, const CnxLinear *linear, CnxProduct product);

/* Computes the same product for each image, cut by columns, on the run's threads; for maps with
 * few pixels but many weights. The images' a, rows, c, residual and sumsq follow each other in
 * memory. Call cnx_linear_round() first, which rounds a to rows. */
void cnx_linear_columns(const CnxRun *run, const CnxLinear *linear, guint images,
                        CnxProduct product);

/* Computes on the calling thread only the columns of c that share a panel of the weights with this
 * one; the others stay. For layers in fp32. */
void cnx_linear_one(const CnxRun *run, const CnxLinear *linear, CnxProduct product, guint column);

/* If the layer's form needs it, rounds m pixels to the run's rows, from pixel `first` of the batch
 * on. a: [m, k] */
void cnx_linear_round(const CnxRun *run, const CnxLinear *linear, gsize first, guint m,
                      const float *a);
