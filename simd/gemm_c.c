/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "simd/versions.h"

#define BLOCK 64 /* columns that go through the epilogue together */

const int cnx_gemm_panel_c = 1;

size_t cnx_gemm_packed_size_c(int n, int k)
{
    return (size_t)n * k * sizeof(float);
}

void cnx_gemm_pack_c(void *dst, const float *w, int n, int k)
{
    memcpy(dst, w, (size_t)n * k * sizeof *w);
}

/* Eight parallel sums: compilers vectorise them, and rounding errors grow more slowly. */
static float dot(const float *a, const float *b, int k)
{
    float s[8] = {0};
    int i = 0;

    for (; i + 8 <= k; i += 8) {
        for (int l = 0; l < 8; l++)
            s[l] += a[i + l] * b[i + l];
    }
    for (; i < k; i++)
        s[i % 8] += a[i] * b[i];
    return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

/* Computes columns j0 <= j < j0 + cols of row i. */
static void multiply_row(const CnxGemm *g, int i, int j0, int cols)
{
    const float *a = (const float *)((const char *)g->a + i * g->lda); /* [k] */
    const float *w = (const float *)g->packed + (size_t)j0 * g->k;     /* [cols, k] */
    float v[BLOCK];                                                    /* [cols] */
    float *c = g->c + i * g->ldc + j0;

    for (int j = 0; j < cols; j++) {
        v[j] = dot(a, w + (size_t)j * g->k, g->k);
        if (g->bias)
            v[j] += g->bias[j0 + j];
    }
    cnx_activate_c(v, cols, g->act);
    if (g->residual) {
        for (int j = 0; j < cols; j++)
            v[j] += g->residual[i * g->ldr + j0 + j];
    }
    if (g->sumsq) {
        for (int j = 0; j < cols; j++)
            g->sumsq[j0 + j] += v[j] * v[j];
    }
    memcpy(c, v, cols * sizeof *c);
}

void cnx_gemm_c(const CnxGemm *g)
{
    for (int j = 0; j < g->n; j += BLOCK) {
        int cols = g->n - j < BLOCK ? g->n - j : BLOCK;

        for (int i = 0; i < g->m; i++)
            multiply_row(g, i, j, cols);
    }
}
