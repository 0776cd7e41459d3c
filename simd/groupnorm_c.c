/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/versions.h"

void cnx_group_sums_c(double *sums, const float *x, size_t stride, int rows, int c,
                      const float *pivot)
{
    for (int i = 0; i < rows; i++, x += stride) {
        for (int j = 0; j < c; j++) {
            const float d = x[j] - pivot[j];

            sums[j] += d;
            sums[c + j] += (double)d * d;
        }
    }
}

void cnx_group_apply_c(float *x, size_t stride, int rows, int c, const float *scale,
                       const float *shift, bool relu)
{
    for (int i = 0; i < rows; i++, x += stride) {
        for (int j = 0; j < c; j++) {
            const float y = x[j] * scale[j] + shift[j];

            x[j] = relu && y < 0 ? 0 : y;
        }
    }
}
