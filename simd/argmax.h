/* The best channel of interpolated pixels, which are never stored.
 *
 *   value[i][j] = sum_{t < terms} taps[i][t].weight src[taps[i][t].at + j],  0 <= j < c
 *   best[i]  = the largest value[i][j], or -inf
 *   index[i] = the first j with that value, or -1 if no value is above -inf
 *   sum[i]   = sum_j exp(value[i][j] - best[i]), so that the softmax of the best is 1 / sum[i]
 *
 * A value that is NaN is not counted.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "simd/interpolate.h"

typedef struct CnxArgmax {
    const float *src;
    const CnxTap *taps;   /* [pixels, terms] */
    int pixels, terms, c; /* each at least 1; c below 2^24 */
    float *index;         /* [pixels], integers */
    float *best;          /* [pixels] */
    float *sum;           /* [pixels], or NULL */
} CnxArgmax;

/* Tolerance: a value, as in interpolate.h; sum: 1e-6 relative, beside that of the values. */
typedef void CnxArgmaxFn(const CnxArgmax *p);
