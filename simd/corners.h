/* Bilinear interpolation of two rows. The left and right neighbours of each output are in arrays.
 * Order and roundings are those of PyTorch's kernel for three channels:
 *
 *   dst[i] = fma( d1 a1[i], lower[1][i], fma( d1 a0[i], lower[0][i],
 *            fma( d0 a0[i], upper[0][i], (d0 a1[i]) upper[1][i] )))
 *
 * where a is across and d is down, and each product of two weights is rounded.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

typedef struct CnxCorners {
    const float *upper[2], *lower[2]; /* [n] left, right */
    const float *across[2];           /* [n] weights of left, right */
    float down[2];                    /* weights of upper, lower */
} CnxCorners;

/* dst: [n], overlaps no input. n: at least 1. All versions give the same bits. */
typedef void CnxCornersFn(float *dst, const CnxCorners *p, int n);
