/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "simd/versions.h"

#define LANES 8 /* parallel sums, which compilers vectorise */

static float add_lanes(const float s[LANES])
{
    return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

static float mean(const float *x, int c)
{
    float s[LANES] = {0};
    int i = 0;

    for (; i + LANES <= c; i += LANES) {
        for (int l = 0; l < LANES; l++)
            s[l] += x[i + l];
    }
    for (int l = 0; i + l < c; l++)
        s[l] += x[i + l];
    return add_lanes(s) / c;
}

/* Mean and mean square of x - mu. The mean is the error of mu. */
static void centred(const float *x, int c, float mu, float *first, float *second)
{
    float s1[LANES] = {0}, s2[LANES] = {0};
    int i = 0;

    for (; i + LANES <= c; i += LANES) {
        for (int l = 0; l < LANES; l++) {
            float d = x[i + l] - mu;

            s1[l] += d;
            s2[l] += d * d;
        }
    }
    for (int l = 0; i + l < c; l++) {
        float d = x[i + l] - mu;

        s1[l] += d;
        s2[l] += d * d;
    }
    *first = add_lanes(s1) / c;
    *second = add_lanes(s2) / c;
}

/* y = (x - mu - rest) * scale. */
static void normalise(float *dst, const float *src, int c, const float *weight, const float *bias,
                      float mu, float rest, float scale)
{
    for (int i = 0; i < c; i++) {
        float y = (src[i] - mu - rest) * scale;

        dst[i] = weight ? y * weight[i] + bias[i] : y;
    }
}

void cnx_layernorm_c(float *dst, size_t dst_stride, const float *src, size_t src_stride, int rows,
                     int c, const float *weight, const float *bias, float eps)
{
    for (int r = 0; r < rows; r++, dst += dst_stride, src += src_stride) {
        float mu = mean(src, c), rest, square;

        centred(src, c, mu, &rest, &square);

        float var = square - rest * rest;

        normalise(dst, src, c, weight, bias, mu, rest, 1.0f / sqrtf((var < 0 ? 0 : var) + eps));
    }
}

void cnx_rmsnorm_c(float *dst, size_t dst_stride, const float *src, size_t src_stride, int rows,
                   int c, const float *weight, const float *bias, float eps)
{
    for (int r = 0; r < rows; r++, dst += dst_stride, src += src_stride) {
        float first, square;

        centred(src, c, 0, &first, &square);
        normalise(dst, src, c, weight, bias, 0, 0, 1.0f / sqrtf(square + eps));
    }
}

void cnx_simplenorm_c(float *dst, size_t dst_stride, const float *src, size_t src_stride, int rows,
                      int c, const float *weight, const float *bias, float eps)
{
    for (int r = 0; r < rows; r++, dst += dst_stride, src += src_stride) {
        float mu = mean(src, c), rest, square;

        centred(src, c, mu, &rest, &square);

        float var = square - rest * rest;
        float unbiased = (var < 0 ? 0 : var) * (float)c / (float)(c - 1);

        normalise(dst, src, c, weight, bias, 0, 0, 1.0f / sqrtf(unbiased + eps));
    }
}
