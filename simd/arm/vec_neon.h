/* The helpers of vec_avx2.h for NEON: four floats.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <arm_neon.h>
#include <stdint.h>

#include "simd/x86/unroll.h"

#define VERSION(kernel) cnx_##kernel##_neon
#define LANES 4

typedef float32x4_t Vec;
typedef int Mask; /* the number of lanes */

#define v_set1 vdupq_n_f32
#define v_zero() vdupq_n_f32(0)
#define v_load vld1q_f32
#define v_store vst1q_f32
#define v_add vaddq_f32
#define v_sub vsubq_f32
#define v_mul vmulq_f32
#define v_div vdivq_f32
#define v_fma(a, b, c) vfmaq_f32(c, a, b)
#define v_fnma(a, b, c) vfmsq_f32(c, a, b)
#define v_sum vaddvq_f32
#define v_largest vmaxvq_f32
#define v_round vrndnq_f32

/* The instructions for a minimum and a maximum treat NaN differently. */
static inline Vec v_min(Vec a, Vec b)
{
    return vbslq_f32(vcltq_f32(a, b), a, b);
}

static inline Vec v_max(Vec a, Vec b)
{
    return vbslq_f32(vcgtq_f32(a, b), a, b);
}

static inline Mask mask_first(int n)
{
    return n;
}

static inline Vec v_load_part(const float *p, Mask m)
{
    switch (m) {
    case 0:
        return v_zero();
    case 1:
        return vld1q_lane_f32(p, v_zero(), 0);
    case 2:
        return vcombine_f32(vld1_f32(p), vdup_n_f32(0));
    case 3:
        return vcombine_f32(vld1_f32(p), vld1_lane_f32(p + 2, vdup_n_f32(0), 0));
    default:
        return v_load(p);
    }
}

static inline void v_store_part(float *p, Mask m, Vec x)
{
    if (m == LANES) {
        v_store(p, x);
        return;
    }
    if (m >= 2)
        vst1_f32(p, vget_low_f32(x));
    if (m == 3)
        vst1q_lane_f32(p + 2, x, 2);
    else if (m == 1)
        vst1q_lane_f32(p, x, 0);
}

static inline Vec v_keep(Mask m, Vec x)
{
    static const int32_t lane[LANES] = {0, 1, 2, 3};
    const uint32x4_t kept = vcltq_s32(vld1q_s32(lane), vdupq_n_s32(m));

    return vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(x), kept));
}

static inline Vec v_min_abs(Vec limit, Vec x)
{
    return vminnmq_f32(vabsq_f32(x), limit);
}

static inline Vec v_unless_greater(Vec a, Vec b, Vec x)
{
    return vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(x), vcgtq_f32(a, b)));
}

static inline Vec v_if_greater(Vec a, Vec b, Vec x, Vec y)
{
    return vbslq_f32(vcgtq_f32(a, b), x, y);
}

static inline Vec v_scale(Vec x, Vec n)
{
    const int32x4_t bits = vshlq_n_s32(vcvtq_s32_f32(n), 23);

    return vreinterpretq_f32_s32(vaddq_s32(vreinterpretq_s32_f32(x), bits));
}

static inline void v_add_to_doubles(double *total, Vec x)
{
    const float64x2_t low = vcvt_f64_f32(vget_low_f32(x)), high = vcvt_high_f64_f32(x);

    vst1q_f64(total, vaddq_f64(vld1q_f64(total), low));
    vst1q_f64(total + 2, vaddq_f64(vld1q_f64(total + 2), high));
}
