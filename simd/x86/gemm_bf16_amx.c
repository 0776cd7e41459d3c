/* The product in bf16 on tiles.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/gemm_bf16.h"
#include "simd/versions.h"
#include "simd/x86/tiles.h"
#include "simd/x86/vec_math.inc"

#define ROWS 4
#define MOST 4
#define VECS (32 / LANES)
#define STEP 32
#define PARTS 1
#define COLUMN_EXTRA 0
#define tile_dot tile_dot_bf16

#include "simd/x86/gemm_tile.inc"
#include "simd/x86/gemm_tiles.inc"

const int VERSION(gemm_bf16_panel) = PANEL;

size_t VERSION(gemm_bf16_row_size)(int k)
{
    return (size_t)steps_of(k) * 64;
}

void VERSION(gemm_bf16_rows)(void *dst, const float *src, size_t lds, int m, int k)
{
    const size_t padded = (size_t)steps_of(k) * STEP;
    uint16_t *to = dst;

    for (int i = 0; i < m; i++, src += lds, to += padded) {
        for (int l = 0; l < k; l++)
            to[l] = cnx_bf16(src[l]);
        memset(to + k, 0, (padded - (size_t)k) * sizeof *to);
    }
}

size_t VERSION(gemm_bf16_packed_size)(int n, int k)
{
    return packed_size(n, k);
}

static void pack_column(char *panel, const float *w, int j, int width, int k)
{
    for (int l = 0; l < k; l++) {
        const uint16_t value = cnx_bf16(w[l]);

        memcpy(weight_at(panel, width, j, l, 0), &value, sizeof value);
    }
}

void VERSION(gemm_bf16_pack)(void *dst, const float *w, int n, int k)
{
    pack_panels(dst, w, n, k);
}

static void repair_sums(const Product *p, char *sums)
{
    (void)p, (void)sums; /* none */
}

INLINE void finish_sums(const Product *p, const char *sums, int row, const int rows, const int vecs,
                        Vec acc[MOST][VECS])
{
    UNROLL
    for (int v = 0; v < vecs; v++) {
        const Vec bias = p->bias ? load_cols(p->bias, v, vecs, p->out.cols) : v_zero();

        UNROLL
        for (int i = 0; i < rows; i++) {
            const float *from = (const float *)sums + (row + i) * PANEL + v * LANES;

            acc[i][v] = v_add(v_load(from), bias);
        }
    }
}

void VERSION(gemm_bf16)(const CnxGemm *g)
{
    multiply_with_tiles(g);
}
