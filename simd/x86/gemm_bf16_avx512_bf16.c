/* The product in bf16 with the dot product of pairs.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/x86/lanes_avx512.h"
#include "simd/x86/gemm_9x3.inc"

#undef VERSION
#define VERSION(kernel) cnx_##kernel##_avx512_bf16

#define GROUP 2
#define sums_add(s, a, w) _mm512_dpbf16_ps(s, (__m512bh)(a), (__m512bh)(w))

#include "simd/x86/gemm_bf16_vec.inc"
