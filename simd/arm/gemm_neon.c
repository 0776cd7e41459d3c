/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/arm/vec_neon.h"
#include "simd/arm/gemm_5x4.inc"

/* A multiplication takes its activation from a lane of a register, so one load for each row reads
 * the activations of four steps of k. */
#define STEPS 4
#define FETCHED(p) (p)
#define OWN_STEPS

#include "simd/x86/gemm_vec.inc"

/* acc + w x[lane]; lane is a constant where inlined. */
INLINE Vec fma_lane(Vec acc, Vec w, Vec x, const int lane)
{
    switch (lane) {
    case 0:
        return vfmaq_laneq_f32(acc, w, x, 0);
    case 1:
        return vfmaq_laneq_f32(acc, w, x, 1);
    case 2:
        return vfmaq_laneq_f32(acc, w, x, 2);
    default:
        return vfmaq_laneq_f32(acc, w, x, 3);
    }
}

/* Loads neighbouring vectors with one instruction. vecs is a constant where inlined. */
INLINE void load_vectors(Vec w[VECS], const float *b, const int vecs)
{
    if (vecs == 4) {
        const float32x4x4_t row = vld1q_f32_x4(b);

        UNROLL
        for (int v = 0; v < vecs; v++)
            w[v] = row.val[v];
    } else if (vecs == 3) {
        const float32x4x3_t row = vld1q_f32_x3(b);

        UNROLL
        for (int v = 0; v < vecs; v++)
            w[v] = row.val[v];
    } else {
        UNROLL
        for (int v = 0; v < vecs; v++)
            w[v] = v_load(b + v * LANES);
    }
}

INLINE void multiply_steps(const float *a, size_t lda, const float *b, const int rows,
                           const int vecs, Vec acc[MOST][VECS])
{
    Vec x[MOST], w[VECS];

    UNROLL
    for (int i = 0; i < rows; i++)
        x[i] = v_load(a + i * lda);
    UNROLL
    for (int step = 0; step < STEPS; step++) {
        load_vectors(w, b + step * vecs * LANES, vecs);
        UNROLL
        for (int v = 0; v < vecs; v++) {
            UNROLL
            for (int i = 0; i < rows; i++)
                acc[i][v] = fma_lane(acc[i][v], w[v], x[i], step);
        }
    }
}
