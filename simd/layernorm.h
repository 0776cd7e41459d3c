/* Normalisation over the channels of each row (pixel).
 *
 *   layernorm   y = (x - mean) / sqrt(var + eps) * weight + bias,  var = sum (x - mean)^2 / c
 *   rmsnorm     y = x / sqrt(sum x^2 / c + eps) * weight + bias
 *   simplenorm  y = x / sqrt(sum (x - mean)^2 / (c - 1) + eps) * weight + bias: timm's simple norm,
 *               which subtracts the mean in the variance but not from x; NaN for one channel
 *
 * The variance is computed from centred values in a second pass, never as E[x^2] - E[x]^2. Rounding
 * leaves the centred values with a small mean, which is subtracted too. The error therefore depends
 * on the spread of the values, not on their distance from zero.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/* dst, src: rows of c floats, dst_stride and src_stride floats apart; dst may be src with the same
 * stride. weight, bias: [c], or both NULL for 1 and 0. */
typedef void CnxLayernormFn(float *dst, size_t dst_stride, const float *src, size_t src_stride,
                            int rows, int c, const float *weight, const float *bias, float eps);
