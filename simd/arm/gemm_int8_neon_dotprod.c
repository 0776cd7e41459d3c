/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/arm/lanes_neon.h"
#include "simd/arm/gemm_5x4.inc"

#undef VERSION
#define VERSION(kernel) cnx_##kernel##_neon_dotprod

#define TOP 255
#define GROUP 4
#define OWN_MULTIPLY

#include "simd/x86/gemm_int8_vec.inc"

/* Returns sum + the products of the four bytes in each lane of w with those in one lane of x. lane
 * is a constant where inlined. */
INLINE Sums dot_lane(Sums sum, int8x16_t w, int8x16_t x, const int lane)
{
    switch (lane) {
    case 0:
        return vdotq_laneq_s32(sum, w, x, 0);
    case 1:
        return vdotq_laneq_s32(sum, w, x, 1);
    case 2:
        return vdotq_laneq_s32(sum, w, x, 2);
    default:
        return vdotq_laneq_s32(sum, w, x, 3);
    }
}

/* Multiplies the first `lanes` of up to four lanes. x: four lanes of each row. */
INLINE void multiply_few(const int8x16_t x[MOST], const char *b, const int lanes, const int rows,
                         const int vecs, Sums sum[MOST][VECS])
{
    UNROLL
    for (int l = 0; l < lanes; l++) {
        UNROLL
        for (int v = 0; v < vecs; v++) {
            const int8x16_t w = vld1q_s8((const int8_t *)b + 4 * (l * vecs + v) * LANES);

            UNROLL
            for (int i = 0; i < rows; i++)
                sum[i][v] = dot_lane(sum[i][v], w, x[i], l);
        }
    }
}

/* One load for each row reads the activations of four lanes. */
INLINE void multiply(const Tile *t, const int rows, const int vecs, Sums sum[MOST][VECS])
{
    const char *a = t->a, *b = t->b, *next = t->next;
    int8x16_t x[MOST];
    int lanes = t->lanes;

    for (; lanes >= 4; lanes -= 4, a += 16, b += 16 * vecs * LANES) {
        __builtin_prefetch(next, 0, 2);
        next += 4 * t->pace;
        UNROLL
        for (int i = 0; i < rows; i++)
            x[i] = vld1q_s8((const int8_t *)a + i * t->lda);
        multiply_few(x, b, 4, rows, vecs, sum);
    }
    for (; lanes > 0; lanes--, a += 4, b += 4 * vecs * LANES) {
        UNROLL
        for (int i = 0; i < rows; i++)
            x[i] = vreinterpretq_s8_s32(vld1q_dup_s32((const int32_t *)(a + i * t->lda)));
        multiply_few(x, b, 1, rows, vecs, sum);
    }
}
