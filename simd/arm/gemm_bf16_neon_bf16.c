/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "simd/arm/lanes_neon.h"
#include "simd/arm/gemm_4x4.inc"

#undef VERSION
#define VERSION(kernel) cnx_##kernel##_neon_bf16

#define GROUP 4
#define OWN_MULTIPLY
#define OWN_ROUNDING

#include "simd/x86/gemm_bf16_vec.inc"

typedef bfloat16x8_t Eights;
#define load_eights(p) vld1q_bf16((const bfloat16_t *)(p))
#define both_rows(p, q) \
    vcombine_bf16(vld1_bf16((const bfloat16_t *)(p)), vld1_bf16((const bfloat16_t *)(q)))
#define mmla vbfmmlaq_f32

static inline Sums zip_low(Sums a, Sums b)
{
    return vreinterpretq_f32_f64(vzip1q_f64(vreinterpretq_f64_f32(a), vreinterpretq_f64_f32(b)));
}

static inline Sums zip_high(Sums a, Sums b)
{
    return vreinterpretq_f32_f64(vzip2q_f64(vreinterpretq_f64_f32(a), vreinterpretq_f64_f32(b)));
}

#include "simd/arm/gemm_mmla.inc"

/* Loads four values. Clamps finite ones to the range of bf16, because the conversion would round
 * larger ones to infinity. */
static inline float32x4_t load_limited(const float *p)
{
    const float32x4_t x = vld1q_f32(p), most = vdupq_n_f32(0x1.fep127f);
    const uint32x4_t is_infinite = vceqq_f32(vabsq_f32(x), vdupq_n_f32(INFINITY));

    return vbslq_f32(is_infinite, x, vminq_f32(vmaxq_f32(x, vnegq_f32(most)), most));
}

static void round_values(uint16_t *to, const float *from, int k)
{
    int l = 0;

    for (; l + 8 <= k; l += 8) {
        const bfloat16x8_t low = vcvtq_low_bf16_f32(load_limited(from + l));

        vst1q_bf16((bfloat16_t *)(to + l), vcvtq_high_bf16_f32(low, load_limited(from + l + 4)));
    }
    for (; l < k; l++)
        to[l] = cnx_bf16(from[l]);
}
