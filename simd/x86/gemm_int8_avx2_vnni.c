/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/x86/lanes_avx2.h"
#include "simd/x86/gemm_4x2.inc"

#undef VERSION
#define VERSION(kernel) cnx_##kernel##_avx2_vnni

#define TOP 255
#define sums_add _mm256_dpbusd_avx_epi32

#include "simd/x86/gemm_int8_vec.inc"
