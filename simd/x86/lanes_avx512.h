/* The helpers of lanes_avx2.h for sixteen lanes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string.h>

#include "simd/x86/vec_avx512.h"

typedef __m512i Ints;

#define ints_zero _mm512_setzero_si512
#define ints_set1 _mm512_set1_epi32
#define ints_load _mm512_loadu_si512
#define ints_add16 _mm512_add_epi16
#define ints_sub _mm512_sub_epi32
#define ints_mul _mm512_mullo_epi32
#define ints_to_vec _mm512_cvtepi32_ps

#ifdef CNX_EMULATED
#define peak_hide(x) __asm__ volatile("" : "+m"(x))
#else
#define peak_hide(x) __asm__ volatile("" : "+v"(x))
#endif

static inline Ints ints_pairs7(Ints a, Ints w)
{
    return _mm512_maddubs_epi16(a, w);
}

static inline Ints ints_add_pairs(Ints sum, Ints pairs)
{
    return _mm512_add_epi32(sum, _mm512_madd_epi16(pairs, _mm512_set1_epi16(1)));
}

static inline void v_store_bytes(uint8_t *dst, Vec x)
{
    _mm_storeu_si128((__m128i *)dst, _mm512_cvtusepi32_epi8(_mm512_cvtps_epu32(x)));
}

static inline void v_store_rounded(uint8_t *dst, const Vec x[4], int zero, int top)
{
    static const int32_t at[16] = {0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15};
    const __m512i order = _mm512_loadu_si512(at);
    const __m512i zeros = _mm512_set1_epi16((short)zero), tops = _mm512_set1_epi16((short)top);
    __m512i low = _mm512_packs_epi32(_mm512_cvtps_epi32(x[0]), _mm512_cvtps_epi32(x[1]));
    __m512i high = _mm512_packs_epi32(_mm512_cvtps_epi32(x[2]), _mm512_cvtps_epi32(x[3]));

    low = _mm512_min_epi16(_mm512_adds_epi16(low, zeros), tops);
    high = _mm512_min_epi16(_mm512_adds_epi16(high, zeros), tops);
    _mm512_storeu_si512(dst, _mm512_permutexvar_epi32(order, _mm512_packus_epi16(low, high)));
}
