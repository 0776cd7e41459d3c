/* Matrix product with a fused epilogue: every linear layer and every patch convolution.
 *
 *   c[i][j] = act( sum_k a[i][k] w[j][k] + bias[j] ) + residual[i][j]
 *   sumsq[j] += sum_i c[i][j]^2                                 (when sumsq is given)
 *
 * The weights w are [n, k], row major (out, in), as checkpoints store them; gemm_pack puts them in
 * the order that this level's kernel reads: panels of `gemm_panel` output columns, within a panel
 * [k][gemm_panel], the last panel padded with zeros, each panel 64-byte aligned when dst is. At
 * level c a panel is one column wide, so that packed is the checkpoint's own layout.
 *
 * Activations are read and written in place, no copy: rows lda, ldr and ldc floats apart, any
 * alignment. Columns at and after n are never written. residual may be c itself.
 * A caller that splits the work over threads hands each a range of rows, or of whole panels: the
 * panel that holds column j, a multiple of gemm_panel, starts at gemm_packed_size(j, k).
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
