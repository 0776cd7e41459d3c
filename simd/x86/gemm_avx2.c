/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/x86/vec_avx2.h"

#include "simd/x86/gemm_4x3.inc"

#define STEPS 1
#define FETCHED(p) (p)

#include "simd/x86/gemm_vec.inc"
