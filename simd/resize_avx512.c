/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/int_avx512.h"

/* The parts of four vectors, transposed. */
static inline void transpose_parts(Int *d0, Int *d1, Int *d2, Int *d3, const Int s[4])
{
    const Int ab02 = _mm512_shuffle_i32x4(s[0], s[1], 0x88);
    const Int ab13 = _mm512_shuffle_i32x4(s[0], s[1], 0xdd);
    const Int cd02 = _mm512_shuffle_i32x4(s[2], s[3], 0x88);
    const Int cd13 = _mm512_shuffle_i32x4(s[2], s[3], 0xdd);

    *d0 = _mm512_shuffle_i32x4(ab02, cd02, 0x88);
    *d1 = _mm512_shuffle_i32x4(ab13, cd13, 0x88);
    *d2 = _mm512_shuffle_i32x4(ab02, cd02, 0xdd);
    *d3 = _mm512_shuffle_i32x4(ab13, cd13, 0xdd);
}

/* dst: [pair] of eight rows; src: eight pairs of RGBX pixels in each. */
static inline void transpose_pairs(Int dst[8], const uint8_t *src, size_t stride)
{
    Int even[4], odd[4]; /* of two rows each: pairs 0 2 4 6, 1 3 5 7 */

    UNROLL
    for (int i = 0; i < 4; i++) {
        const Int a = i_load(src + 2 * i * stride), b = i_load(src + (2 * i + 1) * stride);

        even[i] = i_unpack_low64(a, b);
        odd[i] = i_unpack_high64(a, b);
    }
    transpose_parts(&dst[0], &dst[2], &dst[4], &dst[6], even);
    transpose_parts(&dst[1], &dst[3], &dst[5], &dst[7], odd);
}

static inline void store_parts(uint8_t *dst, size_t stride, Int x)
{
    _mm_storeu_si128((__m128i *)dst, _mm512_castsi512_si128(x));
    _mm_storeu_si128((__m128i *)(dst + stride), _mm512_extracti32x4_epi32(x, 1));
    _mm_storeu_si128((__m128i *)(dst + 2 * stride), _mm512_extracti32x4_epi32(x, 2));
    _mm_storeu_si128((__m128i *)(dst + 3 * stride), _mm512_extracti32x4_epi32(x, 3));
}

#include "simd/resize_int.inc"
