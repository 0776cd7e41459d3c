/* The product of 8-bit integers on tiles.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/x86/tiles.h"

#define FAMILY(part) VERSION(gemm_int8##part)
#define STEP 64
#define TILE_GELU CNX_ACT_GELU_COARSE
#define COLUMN_EXTRA (sizeof(float) + sizeof(int32_t))
#define TOP 255
#define tile_dot tile_dot_int8

#include "simd/x86/gemm_tiles.inc"

static size_t row_bytes(int k)
{
    return (size_t)steps_of(k) * 64;
}

#define ROW_GAP (64 - sizeof(Rounding)) /* keeps rows aligned */
#include "simd/x86/gemm_int8_rows.inc"

INLINE void finish_sums(const Product *p, const char *sums, int row, const int rows, const int vecs,
                        Vec acc[MOST][VECS])
{
    const int k = p->steps * STEP;
    const float *scales = behind_weights(p->panel, p->width, k);

    UNROLL
    for (int i = 0; i < rows; i++) {
        const char *from = sums + (size_t)(row + i) * PANEL * 4;
        const Rounding rounding = rounding_of(p->a + (size_t)(row + i) * p->lda, k);

        UNROLL
        for (int v = 0; v < vecs; v++) {
            Ints sum = ints_load(from + 4 * v * LANES);
            Vec bias = p->bias ? load_cols(p->bias, v, vecs, p->out.cols) : v_zero();

            acc[i][v] = finish_sum(sum, rounding, scales, p->width, v, bias);
        }
    }
}
