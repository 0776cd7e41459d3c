/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/x86/lanes_avx512.h"

#undef VERSION
#define VERSION(kernel) cnx_##kernel##_avx512_vnni

#define sums_add _mm512_dpbusd_epi32
#define NAME VERSION(peak_int8)
#define Sums Ints
#define Sum int32_t
#define ONES 0x01010101

#include "simd/x86/peak_dot.inc"
