/* The product in bf16 with the dot product of pairs.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/gemm_bf16.h"
#include "simd/versions.h"
#include "simd/x86/lanes_avx512.h"
#include "simd/x86/gemm_9x3.inc"
#include "simd/x86/vec_math.inc"

#undef VERSION
#define VERSION(kernel) cnx_##kernel##_avx512_bf16

#define COLUMN_EXTRA 0
#define Sums Vec
#define sums_zero v_zero
#define sums_add(s, a, w) _mm512_dpbf16_ps(s, (__m512bh)(a), (__m512bh)(w))

/* Two values share a lane. */
static int lanes_of(int k)
{
    return (k + 1) / 2;
}

#include "simd/x86/gemm_tile.inc"
#include "simd/x86/gemm_lanes.inc"

const int VERSION(gemm_bf16_panel) = PANEL;

/* Values of a row, padded so that it is a multiple of 8 bytes. */
static size_t padded(int k)
{
    return ((size_t)k + 3) / 4 * 4;
}

size_t VERSION(gemm_bf16_row_size)(int k)
{
    return padded(k) * sizeof(uint16_t);
}

void VERSION(gemm_bf16_rows)(void *dst, const float *src, size_t lds, int m, int k)
{
    uint16_t *to = dst;

    for (int i = 0; i < m; i++, src += lds, to += padded(k)) {
        for (int l = 0; l < k; l++)
            to[l] = cnx_bf16(src[l]);
        memset(to + k, 0, (padded(k) - (size_t)k) * sizeof *to);
    }
}

size_t VERSION(gemm_bf16_packed_size)(int n, int k)
{
    return packed_size(n, k);
}

static void pack_column(char *panel, const float *w, int j, int width, int k)
{
    uint16_t *to = (uint16_t *)panel; /* [lanes, width, 2] */

    for (int l = 0; l < k; l++)
        to[((size_t)l / 2 * width + j) * 2 + l % 2] = cnx_bf16(w[l]);
}

void VERSION(gemm_bf16_pack)(void *dst, const float *w, int n, int k)
{
    pack_panels(dst, w, n, k);
}

INLINE void finish_sums(const Tile *t, const int rows, const int vecs, Sums sum[MOST][VECS],
                        Vec acc[MOST][VECS])
{
    UNROLL
    for (int v = 0; v < vecs; v++) {
        const Vec bias = t->bias ? load_cols(t->bias, v, vecs, t->out.cols) : v_zero();

        UNROLL
        for (int i = 0; i < rows; i++)
            acc[i][v] = v_add(sum[i][v], bias);
    }
}

void VERSION(gemm_bf16)(const CnxGemm *g)
{
    multiply_lanes(g);
}
