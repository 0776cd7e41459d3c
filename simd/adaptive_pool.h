/* Adaptive average pooling to n x n, channels last, as PyTorch's AdaptiveAvgPool2d.
 *
 *   dst[y][x][j] = mean of src[i][k][j] over floor(y h / n) <= i < ceil((y + 1) h / n) and
 *                                            floor(x w / n) <= k < ceil((x + 1) w / n)
 *
 * Bins overlap if n does not divide the side, and repeat pixels if n exceeds it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/* dst: [n, n, c], pixels ldd floats apart; src: [h, w, c], pixels lds floats apart, no overlap.
 * Tolerance: bin height + bin width rounding errors of the mean magnitude. To share the work, give
 * each thread a range of channels. */
typedef void CnxAdaptivePoolFn(float *dst, size_t ldd, const float *src, size_t lds, int h, int w,
                               int c, int n);

/* The first pixel of bin i of n on a side of `side` pixels, and the one after its last. */
static inline int cnx_pool_begin(int side, int n, int i)
{
    return (int)((long long)i * side / n);
}

static inline int cnx_pool_end(int side, int n, int i)
{
    return (int)(((i + 1LL) * side + n - 1) / n);
}
