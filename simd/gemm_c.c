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

#include "simd/dot.inc"
#include "simd/gemm_rows.inc"

void cnx_gemm_c(const CnxGemm *g)
{
    multiply_rows(g, cnx_gemm_packed_size_c(1, g->k));
}
