/* The helpers of int_avx2.h for AVX-512 F and BW: 64 bytes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#include "simd/x86/unroll.h"

#define VERSION(kernel) cnx_##kernel##_avx512
#define PARTS 4

typedef __m512i Int;
typedef __m128i IShift;

#define i_load(p) _mm512_loadu_si512(p)
#define i_load_bytes16(p) _mm512_cvtepu8_epi16(_mm256_loadu_si256((const __m256i *)(p)))
#define i_load_shorts32(p) _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(p)))
#define i_store(p, x) _mm512_storeu_si512(p, x)
#define i_zero _mm512_setzero_si512
#define i_set16 _mm512_set1_epi16
#define i_set32 _mm512_set1_epi32
/* 16 bytes, the upper and the lower half, repeated in every part. */
#define i_part(high, low) _mm512_broadcast_i32x4(_mm_set_epi64x(high, low))
#define i_and _mm512_and_si512
#define i_or _mm512_or_si512
#define i_xor _mm512_xor_si512
#define i_add16_saturated _mm512_adds_epi16
#define i_add32 _mm512_add_epi32
#define i_left16 _mm512_slli_epi16
#define i_left32 _mm512_slli_epi32
#define i_left16_by _mm512_sll_epi16
#define i_shift _mm_cvtsi32_si128
#define i_right16 _mm512_srai_epi16
#define i_right32_each _mm512_srav_epi32
#define i_unsigned_right16 _mm512_srli_epi16
#define i_unsigned_right32 _mm512_srli_epi32
#define i_min16 _mm512_min_epi16
#define i_max16 _mm512_max_epi16
#define i_mulhrs16 _mm512_mulhrs_epi16 /* (a b + 2^14) >> 15 */
#define i_madd16 _mm512_madd_epi16     /* a0 b0 + a1 b1 */
#define i_shuffle8 _mm512_shuffle_epi8
#define i_unpack_low8 _mm512_unpacklo_epi8
#define i_unpack_high8 _mm512_unpackhi_epi8
#define i_unpack_low16 _mm512_unpacklo_epi16
#define i_unpack_high16 _mm512_unpackhi_epi16
#define i_unpack_low32 _mm512_unpacklo_epi32
#define i_unpack_high32 _mm512_unpackhi_epi32
#define i_unpack_low64 _mm512_unpacklo_epi64
#define i_unpack_high64 _mm512_unpackhi_epi64
#define i_pack32 _mm512_packs_epi32  /* to 16 bits */
#define i_pack16 _mm512_packus_epi16 /* to bytes */
#define i_packed_order(x) _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7), x)

/* Loads 16 bytes from each of four rows, one part per row. Masked broadcasts run on two execution
 * units; transposing whole vectors would need the single shuffle unit. */
static inline Int i_load_parts(const uint8_t *src, size_t stride)
{
    Int x = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)src));

    UNROLL
    for (int i = 1; i < 4; i++) {
        const __m128i row = _mm_loadu_si128((const __m128i *)(src + i * stride));

        x = _mm512_mask_broadcast_i32x4(x, (__mmask16)(0xf << 4 * i), row);
    }
    return x;
}

static inline void i_store_parts(uint8_t *dst, size_t stride, Int x)
{
    _mm_storeu_si128((__m128i *)dst, _mm512_castsi512_si128(x));
    _mm_storeu_si128((__m128i *)(dst + stride), _mm512_extracti32x4_epi32(x, 1));
    _mm_storeu_si128((__m128i *)(dst + 2 * stride), _mm512_extracti32x4_epi32(x, 2));
    _mm_storeu_si128((__m128i *)(dst + 3 * stride), _mm512_extracti32x4_epi32(x, 3));
}
