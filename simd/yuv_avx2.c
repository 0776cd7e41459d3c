/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/int_avx2.h"

/* Sixteen bytes: the first and third four to part 0, the others to part 1. */
static inline Int spread(const uint8_t *src)
{
    const Int x = _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)src));

    return _mm256_permutevar8x32_epi32(x, _mm256_setr_epi32(0, 2, 0, 0, 1, 3, 0, 0));
}

/* Thirty-two bytes: the first and third eight to part 0, the others to part 1. */
static inline Int spread_packed(const uint8_t *src)
{
    return _mm256_permute4x64_epi64(i_load(src), 0xd8);
}

/* Eight bytes, to both parts; and which of them are each part's pixels' chroma. */
static inline Int repeat(const uint8_t *src)
{
    int64_t x;

    memcpy(&x, src, sizeof x);
    return _mm256_set1_epi64x(x);
}

static inline Int planar_order(void)
{
    return _mm256_setr_epi8(-1, 0, -1, 0, -1, 1, -1, 1, -1, 4, -1, 4, -1, 5, -1, 5, -1, 2, -1, 2,
                            -1, 3, -1, 3, -1, 6, -1, 6, -1, 7, -1, 7);
}

#include "simd/yuv_int.inc"
