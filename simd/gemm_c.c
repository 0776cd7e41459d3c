/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "simd/versions.h"

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

#include "simd/gemm_rows.inc"

void cnx_gemm_c(const CnxGemm *g)
{
    multiply_rows(g, cnx_gemm_packed_size_c(1, g->k));
}
