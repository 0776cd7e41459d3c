/* Linear layers of a run: whole, or cut by output columns into tasks.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/network/forward.h"

/* c[m, n] = act(a[m, k] W^T + bias) + residual[m, n]; sumsq[n] += its columns' squares. */
typedef struct CnxProduct {
    guint m;
    const float *a;
    float *c;
    CnxAct act;
    const float *residual; /* NULL: none */
    float *sumsq;          /* NULL: not asked for */
} CnxProduct;

/* The whole product, by the calling thread. */
void cnx_linear(const CnxRun *run, const CnxLinear *linear, CnxProduct product);

/* The same product for each of the images, whose a, c, residual and sumsq follow each other, cut by
 * columns and shared out to the run's threads: for maps with fewer pixels than weights. */
void cnx_linear_columns(const CnxRun *run, const CnxLinear *linear, guint images,
                        CnxProduct product);
