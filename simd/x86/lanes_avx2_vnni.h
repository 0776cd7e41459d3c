/* The helpers of lanes_avx2.h, and the dot product that AVX-VNNI adds.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "simd/x86/lanes_avx2.h"

#undef VERSION
#define VERSION(kernel) cnx_##kernel##_avx2_vnni

/* sum += a0 w0 + a1 w1 + a2 w2 + a3 w3, of unsigned bytes a and signed bytes w */
#define SUMS_ADD(sum, a, w) ADD_DOT("%{vex%} vpdpbusd", _mm256_dpbusd_avx_epi32, sum, a, w)
