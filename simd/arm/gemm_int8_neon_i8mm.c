/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/arm/lanes_neon.h"
#include "simd/arm/gemm_4x4.inc"

#undef VERSION
#define VERSION(kernel) cnx_##kernel##_neon_i8mm

#define TOP 255
#define GROUP 8
#define OWN_MULTIPLY

#include "simd/x86/gemm_int8_vec.inc"

typedef int8x16_t Eights;
#define load_eights(p) vld1q_s8((const int8_t *)(p))
#define both_rows(p, q) vcombine_s8(vld1_s8((const int8_t *)(p)), vld1_s8((const int8_t *)(q)))
#define mmla vmmlaq_s32

static inline Sums zip_low(Sums a, Sums b)
{
    return vreinterpretq_s32_s64(vzip1q_s64(vreinterpretq_s64_s32(a), vreinterpretq_s64_s32(b)));
}

static inline Sums zip_high(Sums a, Sums b)
{
    return vreinterpretq_s32_s64(vzip2q_s64(vreinterpretq_s64_s32(a), vreinterpretq_s64_s32(b)));
}

#include "simd/arm/gemm_mmla.inc"
