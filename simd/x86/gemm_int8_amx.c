/* The product of 8-bit integers on tiles.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/versions.h"
#include "simd/x86/tiles.h"
#include "simd/x86/vec_math.inc"

#define ROWS 4
#define MOST 4
#define VECS (32 / LANES)
#define STEP 64
#define PARTS 1
#define COLUMN_EXTRA (sizeof(float) + sizeof(int32_t)) /* of weights: scale and sum */
#define TOP 255
#define tile_dot tile_dot_int8

#include "simd/x86/gemm_tile.inc"
#include "simd/x86/gemm_tiles.inc"

const int VERSION(gemm_int8_panel) = PANEL;
const int VERSION(gemm_int8_top) = TOP;

static size_t row_bytes(int k)
{
    return (size_t)steps_of(k) * 64;
}

#define ROW_GAP (64 - sizeof(Rounding)) /* keeps rows aligned */
#include "simd/x86/gemm_int8_rows.inc"

size_t VERSION(gemm_int8_packed_size)(int n, int k)
{
    return packed_size(n, k);
}

static const float *scales_of(const char *panel, int width, int k)
{
    return (const float *)(panel + (size_t)steps_of(k) * (width / SIDE) * TILE_BYTES);
}

static void pack_column(char *panel, const float *w, int j, int width, int k)
{
    float *scales = (float *)scales_of(panel, width, k);
    int32_t *sums = (int32_t *)(scales + width);
    const float factor = 1 / weight_scale(w, k, &scales[j]);

    for (int l = 0; l < k; l++) {
        const int8_t q = round_weight(w[l], factor);

        *weight_at(panel, width, j, l, 0) = (char)q;
        sums[j] += q;
    }
}

void VERSION(gemm_int8_pack)(void *dst, const float *w, int n, int k)
{
    pack_panels(dst, w, n, k);
}

static void repair_sums(const Product *p, char *sums)
{
    (void)p, (void)sums; /* none */
}

/* acc = scales * (sum - zero * sums of weights) + bias */
INLINE void finish_sums(const Product *p, const char *sums, int row, const int rows, const int vecs,
                        Vec acc[MOST][VECS])
{
    const float *scales = scales_of(p->panel, p->width, p->steps * STEP);
    const int32_t *of_weights = (const int32_t *)(scales + p->width);

    UNROLL
    for (int i = 0; i < rows; i++) {
        const char *from = sums + (size_t)(row + i) * PANEL * 4;
        const Rounding rounding = rounding_of(p->a + (size_t)(row + i) * p->lda, p->steps * STEP);

        UNROLL
        for (int v = 0; v < vecs; v++) {
            Ints zeros = ints_mul(ints_set1(rounding.zero), ints_load(of_weights + v * LANES));
            Ints sum = ints_sub(ints_load(from + 4 * v * LANES), zeros);
            Vec scale = v_mul(v_set1(rounding.scale), v_load(scales + v * LANES));
            Vec bias = p->bias ? load_cols(p->bias, v, vecs, p->out.cols) : v_zero();

            acc[i][v] = v_fma(ints_to_vec(sum), scale, bias);
        }
    }
}

void VERSION(gemm_int8)(const CnxGemm *g)
{
    multiply_with_tiles(g);
}
