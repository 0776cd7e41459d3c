/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/int_avx512.h"

/* Thirty-two bytes: fours p and p + 4 to part p. */
static inline Int spread(const uint8_t *src)
{
    const Int x = _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)src));
    const Int from = _mm512_setr_epi32(0, 4, 0, 0, 1, 5, 0, 0, 2, 6, 0, 0, 3, 7, 0, 0);

    return _mm512_permutexvar_epi32(from, x);
}

/* Sixty-four bytes: eights p and p + 4 to part p. */
static inline Int spread_packed(const uint8_t *src)
{
    return _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 4, 1, 5, 2, 6, 3, 7), i_load(src));
}

/* Sixteen bytes, to every part; and which of them are each part's pixels' chroma. */
static inline Int repeat(const uint8_t *src)
{
    return i_part(_mm_loadu_si128((const __m128i *)src));
}

static inline Int planar_order(void)
{
    const Int first = i_part(_mm_setr_epi8(-1, 0, -1, 0, -1, 1, -1, 1, -1, 8, -1, 8, -1, 9, -1, 9));
    const Int part = _mm512_setr_epi32(0, 0, 0, 0, 2, 2, 2, 2, 4, 4, 4, 4, 6, 6, 6, 6);

    /* Part p's are 2p further: in the upper byte of each word. */
    return _mm512_add_epi8(
        first, _mm512_or_si512(_mm512_slli_epi32(part, 24), _mm512_slli_epi32(part, 8)));
}

#include "simd/yuv_int.inc"
