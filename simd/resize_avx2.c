/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/int_avx2.h"

/* dst: [pair] of four rows; src: four pairs of RGBX pixels in each. */
static inline void transpose_pairs(Int dst[4], const uint8_t *src, size_t stride)
{
    const Int a = i_load(src), b = i_load(src + stride);
    const Int c = i_load(src + 2 * stride), d = i_load(src + 3 * stride);
    const Int ab0 = i_unpack_low64(a, b), ab1 = i_unpack_high64(a, b); /* pairs 0 2, 1 3 */
    const Int cd0 = i_unpack_low64(c, d), cd1 = i_unpack_high64(c, d);

    dst[0] = _mm256_permute2x128_si256(ab0, cd0, 0x20);
    dst[1] = _mm256_permute2x128_si256(ab1, cd1, 0x20);
    dst[2] = _mm256_permute2x128_si256(ab0, cd0, 0x31);
    dst[3] = _mm256_permute2x128_si256(ab1, cd1, 0x31);
}

static inline void store_parts(uint8_t *dst, size_t stride, Int x)
{
    _mm_storeu_si128((__m128i *)dst, _mm256_castsi256_si128(x));
    _mm_storeu_si128((__m128i *)(dst + stride), _mm256_extracti128_si256(x, 1));
}

#include "simd/resize_int.inc"
