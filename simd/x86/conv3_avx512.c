/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdint.h>

#include "simd/x86/vec_avx512.h"
#include "simd/x86/gemm_9x3.inc"

#define STEPS 2
#define FETCHED(p) ((const void *)((uintptr_t)(p) & -(uintptr_t)LINE)) /* as in gemm_avx512.c */

#include "simd/x86/conv3_vec.inc"
