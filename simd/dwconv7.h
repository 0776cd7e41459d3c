/* Depthwise 7x7 convolution, stride 1, zero padding 3, with bias, channels last.
 *
 *   dst[y-y0][x][ch] = bias[ch] + sum_{i,j in 0..6} src[y+i-3][x+j-3][ch] weights[7i+j][ch]
 *
 * where src is zero outside its h x w.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* dst:     [y1-y0, w, c], dense; does not overlap src
 * src:     [h, w, c], dense
 * weights: [49, c], bias: [c]
 * Computes rows y0 <= y < y1 of the result, so that threads can share one map. */
typedef void CnxDwconv7Fn(float *dst, const float *src, int h, int w, int c, const float *weights,
                          const float *bias, int y0, int y1);
