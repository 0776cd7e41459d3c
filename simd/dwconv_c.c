/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "simd/versions.h"

/* Adds the taps of the pixel at (x, y) to dst: [c]. */
static void add_taps(float *dst, const float *src, int h, int w, int c, int k, int dilation,
                     const float *weights, int x, int y)
{
    for (int i = 0; i < k; i++) {
        for (int j = 0; j < k; j++) {
            int sy = y + dilation * (i - k / 2), sx = x + dilation * (j - k / 2);

            if (sy < 0 || sy >= h || sx < 0 || sx >= w)
                continue;
            const float *s = src + ((size_t)sy * w + sx) * c;
            const float *t = weights + (size_t)(k * i + j) * c;

            for (int ch = 0; ch < c; ch++)
                dst[ch] += s[ch] * t[ch];
        }
    }
}

void cnx_dwconv_c(float *dst, const float *src, int h, int w, int c, int k, int dilation,
                  const float *weights, const float *bias, int y0, int y1)
{
    for (int y = y0; y < y1; y++) {
        for (int x = 0; x < w; x++) {
            memcpy(dst, bias, c * sizeof *dst);
            add_taps(dst, src, h, w, c, k, dilation, weights, x, y);
            dst += c;
        }
    }
}
