/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/x86/lanes_avx2_vnni.h"
#include "simd/x86/gemm_4x3.inc"

#define TOP 255

#include "simd/x86/gemm_int8_vec.inc"
