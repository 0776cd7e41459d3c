/* Matrix product with a fused epilogue: every linear layer and every patch convolution.
 *
 *   c[i][j] = act( sum_k a[i][k] w[j][k] + bias[j] ) + residual[i][j]
 *   sumsq[j] += sum_i c[i][j]^2                                 (when sumsq is given)
 *
 * The weights w are [n, k], row major (out, in), as checkpoints store them; gemm_pack puts them in
 * the order that this level's kernel reads: panels of output columns, within a panel [k][columns],
 * each panel 64-byte aligned when dst is. A panel has `gemm_panel` columns, three vectors, but for
 * the end: four vectors of columns make two panels of two, and one to three make one panel, whose
 * last vector is padded with zeros. At level c a panel is one column, so that packed is the
 * checkpoint's own layout.
 *
 * Activations are read and written in place, no copy: rows lda, ldr and ldc floats apart, any
 * alignment. Columns at and after n are never written. residual may be c itself; c must overlap
 * nothing else.
 * A caller that splits the work over threads hands each a range of rows, or of columns: ranges
 * start at multiples of gemm_panel and, unless there is only one, hold at least gemm_panel columns.
 * The weights of a range that starts at column j start at gemm_packed_size(j, k). Results do not
 * depend on the split.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

#include "simd/activation.h"

typedef struct CnxGemm {
    int m, n, k;           /* each at least 1 */
    const float *a;        /* [m, k] */
    size_t lda;            /* floats, >= k */
    const float *packed;   /* from gemm_pack of this same table */
    const float *bias;     /* [n], or NULL for zeros */
    const float *residual; /* [m, n], or NULL */
    size_t ldr;            /* floats, >= n */
    float *c;              /* [m, n] */
    size_t ldc;            /* floats, >= n */
    CnxAct act;
    float *sumsq; /* [n], added to; or NULL */
} CnxGemm;

typedef void CnxGemmFn(const CnxGemm *g);

/* Floats that gemm_pack writes for weights [n, k]. */
typedef size_t CnxGemmPackedSizeFn(int n, int k);

/* dst: packed, 64-byte aligned; w: [n, k]. */
typedef void CnxGemmPackFn(float *dst, const float *w, int n, int k);
