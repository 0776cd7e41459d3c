/* The helpers of lanes_avx512.h, and the dot product that BF16 adds.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "simd/x86/lanes_avx512.h"

#undef VERSION
#define VERSION(kernel) cnx_##kernel##_avx512_bf16

/* sum += a0 w0 + a1 w1, in bf16 */
#define SUMS_ADD(sum, a, w) \
    ADD_DOT("vdpbf16ps", _mm512_dpbf16_ps, sum, (__m512bh)(a), (__m512bh)(w))
