/* The helpers of int_avx2.h for NEON: 16 bytes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <arm_neon.h>
#include <stdint.h>
#include <string.h>

#include "simd/x86/unroll.h"

#define VERSION(kernel) cnx_##kernel##_neon
#define PARTS 1

typedef uint8x16_t Int;
typedef int16x8_t IShift;

/* Casts of a vector to integers of 16, 32 or 64 bits, and back. */
#define AS_S16(x) vreinterpretq_s16_u8(x)
#define AS_U16(x) vreinterpretq_u16_u8(x)
#define AS_S32(x) vreinterpretq_s32_u8(x)
#define AS_U32(x) vreinterpretq_u32_u8(x)
#define AS_U64(x) vreinterpretq_u64_u8(x)
#define OF_S16(x) vreinterpretq_u8_s16(x)
#define OF_U16(x) vreinterpretq_u8_u16(x)
#define OF_S32(x) vreinterpretq_u8_s32(x)
#define OF_U32(x) vreinterpretq_u8_u32(x)
#define OF_U64(x) vreinterpretq_u8_u64(x)

#define i_load(p) vld1q_u8((const uint8_t *)(p))
#define i_load_bytes16(p) OF_U16(vmovl_u8(vld1_u8(p)))
#define i_load_shorts32(p) OF_U32(vmovl_u16(vreinterpret_u16_u8(vld1_u8(p))))
#define i_store(p, x) vst1q_u8((uint8_t *)(p), x)
#define i_zero() vdupq_n_u8(0)
#define i_set16(n) OF_S16(vdupq_n_s16((int16_t)(n)))
#define i_set32(n) OF_S32(vdupq_n_s32(n))
#define i_part(high, low) OF_U64(vcombine_u64(vcreate_u64(low), vcreate_u64(high)))
#define i_and vandq_u8
#define i_or vorrq_u8
#define i_xor veorq_u8
#define i_add16_saturated(a, b) OF_S16(vqaddq_s16(AS_S16(a), AS_S16(b)))
#define i_add32(a, b) OF_U32(vaddq_u32(AS_U32(a), AS_U32(b)))
#define i_left16(x, n) OF_U16(vshlq_n_u16(AS_U16(x), n))
#define i_left32(x, n) OF_U32(vshlq_n_u32(AS_U32(x), n))
#define i_left16_by(x, shift) OF_U16(vshlq_u16(AS_U16(x), shift))
#define i_shift(n) vdupq_n_s16((int16_t)(n))
#define i_right16(x, n) OF_S16(vshrq_n_s16(AS_S16(x), n))
#define i_right32_each(x, n) OF_S32(vshlq_s32(AS_S32(x), vnegq_s32(AS_S32(n))))
#define i_unsigned_right16(x, n) OF_U16(vshrq_n_u16(AS_U16(x), n))
#define i_unsigned_right32(x, n) OF_U32(vshrq_n_u32(AS_U32(x), n))
#define i_min16(a, b) OF_S16(vminq_s16(AS_S16(a), AS_S16(b)))
#define i_max16(a, b) OF_S16(vmaxq_s16(AS_S16(a), AS_S16(b)))
#define i_mulhrs16(a, b) OF_S16(vqrdmulhq_s16(AS_S16(a), AS_S16(b)))
#define i_shuffle8 vqtbl1q_u8
#define i_unpack_low8 vzip1q_u8
#define i_unpack_high8 vzip2q_u8
#define i_unpack_low16(a, b) OF_U16(vzip1q_u16(AS_U16(a), AS_U16(b)))
#define i_unpack_high16(a, b) OF_U16(vzip2q_u16(AS_U16(a), AS_U16(b)))
#define i_unpack_low32(a, b) OF_U32(vzip1q_u32(AS_U32(a), AS_U32(b)))
#define i_unpack_high32(a, b) OF_U32(vzip2q_u32(AS_U32(a), AS_U32(b)))
#define i_unpack_low64(a, b) OF_U64(vzip1q_u64(AS_U64(a), AS_U64(b)))
#define i_unpack_high64(a, b) OF_U64(vzip2q_u64(AS_U64(a), AS_U64(b)))
#define i_packed_order(x) (x)

static inline Int i_madd16(Int a, Int b)
{
    const int16x8_t x = AS_S16(a), y = AS_S16(b);
    const int32x4_t low = vmull_s16(vget_low_s16(x), vget_low_s16(y));

    return OF_S32(vpaddq_s32(low, vmull_high_s16(x, y)));
}

static inline Int i_pack32(Int a, Int b)
{
    return OF_S16(vqmovn_high_s32(vqmovn_s32(AS_S32(a)), AS_S32(b)));
}

static inline Int i_pack16(Int a, Int b)
{
    return vqmovun_high_s16(vqmovun_s16(AS_S16(a)), AS_S16(b));
}

static inline Int i_load_parts(const uint8_t *src, size_t stride)
{
    (void)stride; /* a single row */
    return vld1q_u8(src);
}

static inline void i_store_parts(uint8_t *dst, size_t stride, Int x)
{
    (void)stride;
    vst1q_u8(dst, x);
}
