/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "simd/versions.h"

static float sum_lanes(const float s[8])
{
    return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

static float mean(const float *x, int c)
{
    float s[8] = {0};

    for (int i = 0; i < c; i++)
        s[i % 8] += x[i];
    return sum_lanes(s) / c;
}

static float variance(const float *x, int c, float mu)
{
    float s[8] = {0};

    for (int i = 0; i < c; i++)
        s[i % 8] += (x[i] - mu) * (x[i] - mu);
    return sum_lanes(s) / c;
}

void cnx_layernorm_c(float *dst, size_t dst_stride, const float *src, size_t src_stride, int rows,
                     int c, const float *weight, const float *bias, float eps)
{
    for (int r = 0; r < rows; r++) {
        float mu = mean(src, c);
        float scale = 1.0f / sqrtf(variance(src, c, mu) + eps);

        for (int i = 0; i < c; i++) {
            float y = (src[i] - mu) * scale;

            dst[i] = weight ? y * weight[i] + bias[i] : y;
        }
        dst += dst_stride;
        src += src_stride;
    }
}
