/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/x86/lanes_avx512.h"

#undef VERSION
#define VERSION(kernel) cnx_##kernel##_avx512_bf16

#define sums_add(s, a, w) _mm512_dpbf16_ps(s, (__m512bh)(a), (__m512bh)(w))
#define NAME VERSION(peak_bf16)
#define Sums Vec
#define Sum float
#define ONES 0x3f803f80

#include "simd/x86/peak_dot.inc"
