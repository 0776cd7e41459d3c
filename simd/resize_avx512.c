/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/int_avx512.h"

/* Sixteen bytes of four rows, a part each. Merging what is loaded takes either of two units;
 * transposing whole vectors would take the one that shuffles, which has enough to do. */
static inline Int load_parts(const uint8_t *src, size_t stride)
{
    Int x = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)src));

    UNROLL
    for (int i = 1; i < 4; i++) {
        const __m128i row = _mm_loadu_si128((const __m128i *)(src + i * stride));

        x = _mm512_mask_broadcast_i32x4(x, (__mmask16)(0xf << 4 * i), row);
    }
    return x;
}

static inline void store_parts(uint8_t *dst, size_t stride, Int x)
{
    _mm_storeu_si128((__m128i *)dst, _mm512_castsi512_si128(x));
    _mm_storeu_si128((__m128i *)(dst + stride), _mm512_extracti32x4_epi32(x, 1));
    _mm_storeu_si128((__m128i *)(dst + 2 * stride), _mm512_extracti32x4_epi32(x, 2));
    _mm_storeu_si128((__m128i *)(dst + 3 * stride), _mm512_extracti32x4_epi32(x, 3));
}

#include "simd/resize_int.inc"
