/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/versions.h"

/* The mean of channel 0 over the pixels of a bin. */
static float mean_bin(const float *src, size_t lds, int w, int y0, int y1, int x0, int x1)
{
    float sum = 0;

    for (int y = y0; y < y1; y++) {
        float row = 0;

        for (int x = x0; x < x1; x++)
            row += src[((size_t)y * w + x) * lds];
        sum += row;
    }
    return sum / ((float)(y1 - y0) * (float)(x1 - x0));
}

void cnx_adaptive_pool_c(float *dst, size_t ldd, const float *src, size_t lds, int h, int w, int c,
                         int n)
{
    for (int y = 0; y < n; y++) {
        for (int x = 0; x < n; x++, dst += ldd) {
            for (int j = 0; j < c; j++)
                dst[j] = mean_bin(src + j, lds, w, cnx_pool_begin(h, n, y), cnx_pool_end(h, n, y),
                                  cnx_pool_begin(w, n, x), cnx_pool_end(w, n, x));
        }
    }
}
