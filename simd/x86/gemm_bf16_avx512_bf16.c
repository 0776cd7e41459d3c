/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/x86/lanes_avx512_bf16.h"
#include "simd/x86/gemm_9x3.inc"

#define GROUP 2

#include "simd/x86/gemm_bf16_vec.inc"
