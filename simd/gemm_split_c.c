/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/gemm_split.h"

#include "simd/versions.h"

#define BLOCK 64 /* columns that go through the epilogue together */

const int cnx_gemm_split_panel_c = 1;

size_t cnx_gemm_split_row_size_c(int k)
{
    return ((size_t)k + 1) / 2 * 2 * sizeof(CnxHalves);
}

size_t cnx_gemm_split_packed_size_c(int n, int k)
{
    return (size_t)n * cnx_gemm_split_row_size_c(k);
}

void cnx_gemm_split_rows_c(void *dst, const float *src, size_t lds, int m, int k)
{
    char *row = dst;

    for (int i = 0; i < m; i++, src += lds, row += cnx_gemm_split_row_size_c(k)) {
        CnxHalves *to = (CnxHalves *)row;

        for (int l = 0; l < k; l++)
            to[l] = cnx_halves(src[l]);
    }
}

void cnx_gemm_split_pack_c(void *dst, const float *w, int n, int k)
{
    cnx_gemm_split_rows_c(dst, w, (size_t)k, n, k);
}

static float dot(const CnxHalves *a, const CnxHalves *w, int k)
{
    float sum[4] = {0};

    for (int l = 0; l < k; l++) {
        const float a_high = cnx_bf16_value(a[l].high), w_high = cnx_bf16_value(w[l].high);

        sum[l % 4] += a_high * w_high;
        if (isfinite(a_high) && isfinite(w_high)) {
            sum[l % 4] += cnx_bf16_value(a[l].low) * w_high;
            sum[l % 4] += a_high * cnx_bf16_value(w[l].low);
        }
    }
    return (sum[0] + sum[2]) + (sum[1] + sum[3]);
}

/* Computes columns j0 <= j < j0 + cols of row i. */
static void multiply_row(const CnxGemm *g, int i, int j0, int cols)
{
    const size_t column = cnx_gemm_split_row_size_c(g->k);
    const CnxHalves *a = (const CnxHalves *)((const char *)g->a + i * g->lda);
    const char *w = (const char *)g->packed + j0 * column;
    float v[BLOCK]; /* [cols] */
    float *c = g->c + i * g->ldc + j0;

    for (int j = 0; j < cols; j++, w += column)
        v[j] = dot(a, (const CnxHalves *)w, g->k) + (g->bias ? g->bias[j0 + j] : 0);
    cnx_activate_c(v, (size_t)cols, g->act);
    for (int j = 0; j < cols; j++) {
        if (g->residual)
            v[j] += g->residual[i * g->ldr + j0 + j];
        if (g->sumsq)
            g->sumsq[j0 + j] += v[j] * v[j];
        c[j] = v[j];
    }
}

void cnx_gemm_split_c(const CnxGemm *g)
{
    for (int j = 0; j < g->n; j += BLOCK) {
        int cols = g->n - j < BLOCK ? g->n - j : BLOCK;

        for (int i = 0; i < g->m; i++)
            multiply_row(g, i, j, cols);
    }
}
