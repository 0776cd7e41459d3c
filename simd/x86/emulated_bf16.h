/* Shared by the emulations of bf16 instructions: denormals count as zero.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <math.h>

#include "simd/gemm_bf16.h"

static inline float emulated_flushed(float x)
{
    return fpclassify(x) == FP_SUBNORMAL ? copysignf(0, x) : x;
}

/* a b + c */
static inline float emulated_bf16_fma(uint16_t a, uint16_t b, float c)
{
    return emulated_flushed(
        fmaf(emulated_flushed(cnx_bf16_value(a)), emulated_flushed(cnx_bf16_value(b)), c));
}
