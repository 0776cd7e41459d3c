/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/gemm_split.h"

#include "simd/versions.h"

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
        float *s = &sum[l % 4];

        *s += a_high * w_high;
        if (isfinite(a_high) && isfinite(w_high)) {
            *s += cnx_bf16_value(a[l].low) * w_high;
            *s += a_high * cnx_bf16_value(w[l].low);
        }
    }
    return (sum[0] + sum[2]) + (sum[1] + sum[3]);
}

#include "simd/gemm_rows.inc"

void cnx_gemm_split_c(const CnxGemm *g)
{
    multiply_rows(g, cnx_gemm_split_row_size_c(g->k));
}
