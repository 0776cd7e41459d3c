/* Matrix product with a fused epilogue, for linear layers and patch convolutions.
 *
 *   c[i][j] = act( sum_k a[i][k] w[j][k] + bias[j] ) + residual[i][j]
 *   sumsq[j] += sum_i c[i][j]^2                                 (if sumsq is given)
 *
 * This header describes the product in fp32. The products in gemm_split.h, gemm_bf16.h and
 * gemm_int8.h split or round their inputs: they have the same function types, but a and packed have
 * other formats.
 *
 * Checkpoints store the weights w as [n, k], row major (out, in). gemm_pack reorders them for this
 * level's kernel into panels of output columns, [k][columns] within a panel; every panel is 64-byte
 * aligned if dst is. A panel has gemm_panel columns, which are three vectors, or four at neon. The
 * end differs: one vector more than a panel is split into two panels, the first of which is one
 * vector narrower, and fewer columns than a panel become one whose last vector is padded with
 * zeros. At level c a panel is one column, so packed weights equal the checkpoint's.
 *
 * Activations are not packed. Rows of a are lda bytes apart, rows of residual ldr floats and rows
 * of c ldc floats, at any alignment of a float. Columns from n on are never written. residual may
 * be c itself; otherwise c must not overlap any input.
 *
 * To split the work over threads, give each thread a range of rows or of columns. Column ranges
 * start at multiples of gemm_panel and, unless there is only one, have at least gemm_panel columns.
 * The weights of a range that starts at column j start at gemm_packed_size(j, k). Results do not
 * depend on the split.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

#include "simd/activation.h"

typedef struct CnxGemm {
    int m, n, k;           /* each at least 1 */
    const void *a;         /* [m, k] floats */
    size_t lda;            /* bytes, >= k floats */
    const void *packed;    /* written by gemm_pack of the same level */
    const float *bias;     /* [n], or NULL for zeros */
    const float *residual; /* [m, n], or NULL */
    size_t ldr;            /* floats, >= n */
    float *c;              /* [m, n] */
    size_t ldc;            /* floats, >= n */
    CnxAct act;
    float *sumsq; /* [n], accumulated into; or NULL */
} CnxGemm;

typedef void CnxGemmFn(const CnxGemm *g);

/* Returns the number of bytes that gemm_pack writes for weights [n, k]. */
typedef size_t CnxGemmPackedSizeFn(int n, int k);

/* dst: packed, 64-byte aligned; w: [n, k]. */
typedef void CnxGemmPackFn(void *dst, const float *w, int n, int k);
