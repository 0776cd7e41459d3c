/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/x86/lanes_avx512.h"
#include "simd/x86/gemm_9x3.inc"

#undef VERSION
#define VERSION(kernel) cnx_##kernel##_avx512_vnni

#define TOP 255
#define sums_add _mm512_dpbusd_epi32

#include "simd/x86/gemm_int8_vec.inc"
