/* Depthwise k x k convolution for any odd k, stride 1, taps d = dilation pixels apart, zero padding
 * d (k - 1) / 2, with bias, channels last. For k = 7 without dilation, simd/dwconv7.h is faster.
 *
 *   dst[y-y0][x][ch] = bias[ch] +
 *                      sum_{i,j in 0..k-1} src[y+d(i-r)][x+d(j-r)][ch] weights[k i + j][ch]
 *
 * with r = (k - 1) / 2, where src is zero outside its h x w.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* dst:      [y1-y0, w, c], dense; does not overlap src
 * src:      [h, w, c], dense
 * dilation: at least 1
 * weights:  [k k, c], bias: [c]
 * Computes rows y0 <= y < y1 of the result, so that threads can share one map. */
typedef void CnxDwconvFn(float *dst, const float *src, int h, int w, int c, int k, int dilation,
                         const float *weights, const float *bias, int y0, int y1);
