/* The helpers of int_avx512.h, and the dot product that VNNI adds.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "simd/x86/int_avx512.h"

#undef VERSION
#define VERSION(kernel) cnx_##kernel##_avx512_vnni

/* sum + a0 b0 + a1 b1 + a2 b2 + a3 b3, of unsigned bytes a and signed bytes b */
#define i_add_dot8 _mm512_dpbusd_epi32
