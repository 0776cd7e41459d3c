/* Matrix product of bfloat16: a faster gemm that rounds its inputs.
 *
 *   c[i][j] = act( sum_k bf16(a[i][k]) bf16(w[j][k]) + bias[j] ) + residual[i][j]
 *   sumsq[j] += sum_i c[i][j]^2                                 (if sumsq is given)
 *
 * bf16() rounds to the nearest finite bfloat16, which has 8 significant bits; ties go to even.
 * Products are exact, sums are in fp32 in any order. Denormal inputs, products and sums may count
 * as zero, as the instructions treat them.
 *
 * The functions have the types of gemm.h and gemm_int8.h: gemm_bf16_pack rounds and reorders
 * weights, gemm_bf16_rows rounds activations, and in CnxGemm, a is what gemm_bf16_rows wrote and
 * lda is gemm_bf16_row_size(k).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>
#include <string.h>

#include "simd/gemm_int8.h"

/* Returns the bits of x, rounded. NaN stays NaN; only infinities become infinities. */
static inline uint16_t cnx_bf16(float x)
{
    const uint32_t largest = 0x7f7f0000, infinity = 0x7f800000;
    uint32_t bits, magnitude;

    memcpy(&bits, &x, sizeof bits);
    magnitude = bits & 0x7fffffff;
    if (magnitude > infinity)
        return (uint16_t)(bits >> 16 | 0x40); /* a quiet NaN, whatever the lower bits */
    if (magnitude > largest)
        return (uint16_t)(bits >> 16);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static inline float cnx_bf16_value(uint16_t x)
{
    const uint32_t bits = (uint32_t)x << 16;
    float value;

    memcpy(&value, &bits, sizeof value);
    return value;
}
