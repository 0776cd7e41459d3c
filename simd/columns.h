/* Column-wise passes over a [rows, c] map, for global response normalisation and pooling.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/* sum[j] += sum_i x[i][j]^2. Accumulates in float over blocks of rows that keep the relative error
 * under 1e-6. */
typedef void CnxColumnsSumsqFn(float *sum, const float *x, size_t stride, int rows, int c);

/* x[i][j] *= scale[j] */
typedef void CnxColumnsScaleFn(float *x, size_t stride, int rows, int c, const float *scale);

/* dst[j] = mean_i x[i][j] */
typedef void CnxColumnsMeanFn(float *dst, const float *x, size_t stride, int rows, int c);
