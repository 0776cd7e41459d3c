/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/x86/lanes_avx2.h"

/* The two times two products of each 16 bits are added before they are widened. */
static inline Ints add_pairs(Ints sum, Ints a, Ints w)
{
    const Ints first = _mm256_maddubs_epi16(a, w);

    peak_hide(a);
    return ints_add(sum, _mm256_madd_epi16(_mm256_add_epi16(first, _mm256_maddubs_epi16(a, w)),
                                           _mm256_set1_epi16(1)));
}

#define sums_add add_pairs
#define NAME VERSION(peak_int8)
#define Sums Ints
#define Sum int32_t
#define ONES 0x01010101

#include "simd/x86/peak_dot.inc"
