/* Matrix product in fp32 as three products of bfloat16: a gemm for processors whose bf16 is several
 * times as fast as their fp32.
 *
 *   c[i][j] = act( sum_k a[i][k] w[j][k] + bias[j] ) + residual[i][j]
 *   sumsq[j] += sum_i c[i][j]^2                                 (if sumsq is given)
 *
 * A value is split into two halves, high = bf16(x) and low = bf16(x - high), whose sum keeps at
 * least 16 of its 24 bits. The product is high high + low high + high low, summed in fp32. Its
 * error is at most 3 2^-16 sum |a w|, plus the usual error of the sum. Halves and sums below 2^-126
 * may count as zero. NaN and infinities give the same results as in fp32.
 *
 * The functions have the types of gemm.h and gemm_int8.h: gemm_split_pack splits and reorders
 * weights, gemm_split_rows splits activations, and in CnxGemm, a is what gemm_split_rows wrote and
 * lda is gemm_split_row_size(k).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <math.h>

#include "simd/gemm_bf16.h"

/* A value in two halves. If it is not finite, high equals it and low is 0. */
typedef struct CnxHalves {
    uint16_t high, low;
} CnxHalves;

static inline CnxHalves cnx_halves(float x)
{
    CnxHalves halves = {cnx_bf16(x), 0};

    if (isfinite(x))
        halves.low = cnx_bf16(x - cnx_bf16_value(halves.high));
    return halves;
}
