/* Vectors of 32-bit integers, in addition to the floats of vec_avx2.h. lanes_avx512.h defines the
 * same names for sixteen lanes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string.h>

#include "simd/x86/vec_avx2.h"

typedef __m256i Ints;

#define ints_zero _mm256_setzero_si256
#define ints_set1 _mm256_set1_epi32
#define ints_load(p) _mm256_loadu_si256((const __m256i *)(p))
#define ints_add16 _mm256_add_epi16
#define ints_sub _mm256_sub_epi32
#define ints_mul _mm256_mullo_epi32
#define ints_to_vec _mm256_cvtepi32_ps

/* Keeps the compiler from reusing a product of x. */
#define peak_hide(x) __asm__ volatile("" : "+x"(x))

/* Sums of two neighbouring products, in 16 bits, of unsigned bytes a up to 127 and signed bytes w.
 */
static inline Ints ints_pairs7(Ints a, Ints w)
{
    return _mm256_maddubs_epi16(a, w);
}

/* sum + the two 16-bit numbers in each lane of pairs */
static inline Ints ints_add_pairs(Ints sum, Ints pairs)
{
    return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

/* Stores the lanes, which are whole numbers from 0 to 255, as bytes. */
static inline void v_store_bytes(uint8_t *dst, Vec x)
{
    const Ints ints = _mm256_cvtps_epi32(x);
    const __m128i shorts =
        _mm_packs_epi32(_mm256_castsi256_si128(ints), _mm256_extracti128_si256(ints, 1));

    _mm_storel_epi64((__m128i *)dst, _mm_packus_epi16(shorts, shorts));
}

/* Rounds the lanes of four vectors to whole numbers, adds zero and limits them to 0..top. Stores
 * them as bytes: [4 LANES]. NaN becomes 0. Values are under 2^15. */
static inline void v_store_rounded(uint8_t *dst, const Vec x[4], int zero, int top)
{
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    const __m256i zeros = _mm256_set1_epi16((short)zero), tops = _mm256_set1_epi16((short)top);
    __m256i low = _mm256_packs_epi32(_mm256_cvtps_epi32(x[0]), _mm256_cvtps_epi32(x[1]));
    __m256i high = _mm256_packs_epi32(_mm256_cvtps_epi32(x[2]), _mm256_cvtps_epi32(x[3]));

    low = _mm256_min_epi16(_mm256_adds_epi16(low, zeros), tops);
    high = _mm256_min_epi16(_mm256_adds_epi16(high, zeros), tops);
    _mm256_storeu_si256((__m256i *)dst,
                        _mm256_permutevar8x32_epi32(_mm256_packus_epi16(low, high), order));
}
