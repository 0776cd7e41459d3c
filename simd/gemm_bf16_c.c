/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/gemm_bf16.h"
#include "simd/versions.h"

const int cnx_gemm_bf16_panel_c = 1;

/* Values of a row, padded so that it is a multiple of 8 bytes. */
static size_t padded(int k)
{
    return ((size_t)k + 3) / 4 * 4;
}

size_t cnx_gemm_bf16_row_size_c(int k)
{
    return padded(k) * sizeof(uint16_t);
}

size_t cnx_gemm_bf16_packed_size_c(int n, int k)
{
    return (size_t)n * cnx_gemm_bf16_row_size_c(k);
}

void cnx_gemm_bf16_rows_c(void *dst, const float *src, size_t lds, int m, int k)
{
    uint16_t *to = dst;

    for (int i = 0; i < m; i++, src += lds, to += padded(k)) {
        for (size_t l = 0; l < padded(k); l++)
            to[l] = l < (size_t)k ? cnx_bf16(src[l]) : 0;
    }
}

void cnx_gemm_bf16_pack_c(void *dst, const float *w, int n, int k)
{
    cnx_gemm_bf16_rows_c(dst, w, (size_t)k, n, k);
}

static float dot(const uint16_t *a, const uint16_t *w, int k)
{
    float sum[4] = {0};

    for (int l = 0; l < k; l++)
        sum[l % 4] += cnx_bf16_value(a[l]) * cnx_bf16_value(w[l]);
    return (sum[0] + sum[2]) + (sum[1] + sum[3]);
}

#include "simd/gemm_rows.inc"

void cnx_gemm_bf16_c(const CnxGemm *g)
{
    multiply_rows(g, cnx_gemm_bf16_row_size_c(g->k));
}
