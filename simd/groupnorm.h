/* The two passes of group normalisation over a [rows, c] map, channels last.
 *
 * The sums are taken of differences from a pixel of the map, so that a mean that is large beside
 * the deviation costs no digits. With n rows, pivot p and the sums s1 and s2 of a channel, its mean
 * is p + s1 / n, and the sum of its squared differences from that is s2 - s1^2 / n.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* sums[0][j] += sum_i (x[i][j] - pivot[j]), sums[1][j] += sum_i (x[i][j] - pivot[j])^2
 *
 * sums: [2, c]; rows of x are stride floats apart. Accumulates in float over blocks of rows that
 * keep the error under 1e-6 of the sum of the magnitudes. */
typedef void CnxGroupSumsFn(double *sums, const float *x, size_t stride, int rows, int c,
                            const float *pivot);

/* x[i][j] = act( scale[j] x[i][j] + shift[j] ), where act is max(x, 0) if relu, which keeps NaN. */
typedef void CnxGroupApplyFn(float *x, size_t stride, int rows, int c, const float *scale,
                             const float *shift, bool relu);
