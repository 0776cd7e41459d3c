/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/int_avx2.h"

/* Sixteen bytes of two rows, a part each. */
static inline Int load_parts(const uint8_t *src, size_t stride)
{
    const __m128i upper = _mm_loadu_si128((const __m128i *)(src + stride));

    return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)src)),
                                   upper, 1);
}

static inline void store_parts(uint8_t *dst, size_t stride, Int x)
{
    _mm_storeu_si128((__m128i *)dst, _mm256_castsi256_si128(x));
    _mm_storeu_si128((__m128i *)(dst + stride), _mm256_extracti128_si256(x, 1));
}

#include "simd/resize_int.inc"
