/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/arm/vec_neon.h"
#include "simd/arm/gemm_5x4.inc"

#define STEPS 2
#define FETCHED(p) (p)

#include "simd/x86/conv3_vec.inc"
