/* Matrix product of 8-bit integers: a faster gemm that rounds its inputs and then computes exactly.
 *
 *   c[i][j] = act( sa[i] sw[j] sum_k (qa[i][k] - zero[i]) qw[j][k] + bias[j] ) + residual[i][j]
 *   sumsq[j] += sum_i c[i][j]^2                                 (if sumsq is given)
 *
 * Rounding needs no calibration:
 *
 *   weights       symmetric, with a scale for each output channel: sw = max |w| / 127
 *   activations   with a scale and a zero point for each row, from its extremes and zero:
 *                 sa = (max - min) / top, zero = round(-min / sa), qa = round(a / sa) + zero
 *
 * top is gemm_int8_top of the level. It is 127 at avx2 and avx512, where an instruction adds two
 * products in 16 bits (2 * 127 * 127 fits), and 255 elsewhere. A NaN or an infinity in a row of
 * activations makes all results of the row NaN; in a row of weights, all results of its column. k
 * is at most CNX_GEMM_INT8_K, so that the sum fits in 32 bits.
 *
 * The functions have the types of gemm.h and the two below. gemm_int8_pack rounds and reorders
 * weights, gemm_int8_rows rounds activations; both write opaque formats. In CnxGemm, a is what
 * gemm_int8_rows wrote and lda is gemm_int8_row_size(k). Column ranges start at multiples of
 * gemm_int8_panel, as gemm.h describes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "simd/gemm.h"

#define CNX_GEMM_INT8_K 32768

/* Returns the bytes of a rounded row of k activations, a multiple of 8. */
typedef size_t CnxGemmRowSizeFn(int k);

/* Rounds m rows of k activations, lds floats apart, to dst: [m, row size] bytes, 8-byte aligned. */
typedef void CnxGemmRowsFn(void *dst, const float *src, size_t lds, int m, int k);
