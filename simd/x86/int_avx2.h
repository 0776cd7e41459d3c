/* Integer vector helpers for AVX2: 32 bytes as integers of 8, 16 or 32 bits. int_avx512.h defines
 * the same names for 64 bytes; each <kernel>_int.inc is compiled with both. Shuffles, unpacking and
 * packing work within 16-byte parts of the vector.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#include "simd/x86/unroll.h"

#define VERSION(kernel) cnx_##kernel##_avx2
#define PARTS 2

typedef __m256i Int;
typedef __m128i IShift; /* a number of bits */

#define i_load(p) _mm256_loadu_si256((const __m256i *)(p))
/* Half a vector of bytes, widened to 16 bits. */
#define i_load_bytes16(p) _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(p)))
/* Half a vector of 16-bit integers, widened to 32 bits. */
#define i_load_shorts32(p) _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(p)))
#define i_store(p, x) _mm256_storeu_si256((__m256i *)(p), x)
#define i_zero _mm256_setzero_si256
#define i_set16 _mm256_set1_epi16
#define i_set32 _mm256_set1_epi32
/* 16 bytes, the upper and the lower half, repeated in every part. */
#define i_part(high, low) _mm256_broadcastsi128_si256(_mm_set_epi64x(high, low))
#define i_and _mm256_and_si256
#define i_or _mm256_or_si256
#define i_xor _mm256_xor_si256
#define i_add16_saturated _mm256_adds_epi16
#define i_add32 _mm256_add_epi32
#define i_left16 _mm256_slli_epi16
#define i_left32 _mm256_slli_epi32
#define i_left16_by _mm256_sll_epi16 /* by an IShift */
#define i_shift _mm_cvtsi32_si128
#define i_right16 _mm256_srai_epi16
#define i_right32_each _mm256_srav_epi32
#define i_unsigned_right16 _mm256_srli_epi16
#define i_unsigned_right32 _mm256_srli_epi32
#define i_min16 _mm256_min_epi16
#define i_max16 _mm256_max_epi16
#define i_mulhrs16 _mm256_mulhrs_epi16 /* (a b + 2^14) >> 15 */
#define i_madd16 _mm256_madd_epi16     /* a0 b0 + a1 b1 */
#define i_shuffle8 _mm256_shuffle_epi8
#define i_unpack_low8 _mm256_unpacklo_epi8
#define i_unpack_high8 _mm256_unpackhi_epi8
#define i_unpack_low16 _mm256_unpacklo_epi16
#define i_unpack_high16 _mm256_unpackhi_epi16
#define i_unpack_low32 _mm256_unpacklo_epi32
#define i_unpack_high32 _mm256_unpackhi_epi32
#define i_unpack_low64 _mm256_unpacklo_epi64
#define i_unpack_high64 _mm256_unpackhi_epi64
#define i_pack32 _mm256_packs_epi32  /* to 16 bits */
#define i_pack16 _mm256_packus_epi16 /* to bytes */
/* Reorders the result of packing two vectors: all of the first, then all of the second. */
#define i_packed_order(x) _mm256_permute4x64_epi64(x, 0xd8)

/* Loads 16 bytes from each of two rows, one part per row. */
static inline Int i_load_parts(const uint8_t *src, size_t stride)
{
    const __m128i upper = _mm_loadu_si128((const __m128i *)(src + stride));

    return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)src)),
                                   upper, 1);
}

static inline void i_store_parts(uint8_t *dst, size_t stride, Int x)
{
    _mm_storeu_si128((__m128i *)dst, _mm256_castsi256_si128(x));
    _mm_storeu_si128((__m128i *)(dst + stride), _mm256_extracti128_si256(x, 1));
}
