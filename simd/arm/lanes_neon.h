/* Vectors of 32-bit integers, in addition to the floats of vec_neon.h, with the names of
 * lanes_avx2.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string.h>

#include "simd/arm/vec_neon.h"

typedef int32x4_t Ints;

#define ints_zero() vdupq_n_s32(0)
#define ints_set1 vdupq_n_s32
#define ints_load(p) vld1q_s32((const int32_t *)(p))
#define ints_sub vsubq_s32
#define ints_mul vmulq_s32
#define ints_to_vec vcvtq_f32_s32

/* Stores the lanes, which are whole numbers from 0 to 255, minus 128, as signed bytes. */
#define STORED_LESS 128
static inline void v_store_bytes(uint8_t *dst, Vec x)
{
    const uint16x4_t shorts = vmovn_u32(vcvtq_u32_f32(x));
    const uint8x8_t bytes = vmovn_u16(vcombine_u16(shorts, shorts));
    const uint8x8_t less = veor_u8(bytes, vdup_n_u8(STORED_LESS));
    const uint32_t four = vget_lane_u32(vreinterpret_u32_u8(less), 0);

    memcpy(dst, &four, sizeof four);
}

/* See lanes_avx2.h. */
static inline void v_store_rounded(uint8_t *dst, const Vec x[4], int zero, int top)
{
    UNROLL
    for (int v = 0; v < 4; v++) {
        const Vec q = v_add(v_round(x[v]), v_set1((float)zero));

        v_store_bytes(dst + v * LANES, v_min(v_max(q, v_zero()), v_set1((float)top)));
    }
}
