/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "simd/versions.h"

const int cnx_resize_group_c = 1;

void cnx_resize_pack_c(void *packed, const int32_t *weights, int n)
{
    memmove(packed, weights, n * sizeof *weights);
}

/* Partial sums may wrap around; the whole sum fits. */
static uint8_t to_byte(uint32_t sum, int bits)
{
    int32_t value = (int32_t)sum >> bits;

    return value < 0 ? 0 : value > 255 ? 255 : (uint8_t)value;
}

void cnx_resize_rows_c(uint8_t *dst, size_t dst_stride, const uint8_t *src, size_t src_stride,
                       int rows, const CnxResizeRows *plan)
{
    const size_t step = plan->plane ? 1 : 4, plane = plan->plane ? plan->plane : 1; /* bytes */

    for (int i = 0; i < rows; i++) {
        for (int x = 0; x < plan->n; x++) {
            const uint8_t *pixel = src + i * src_stride + step * plan->start[x];
            const int32_t *w = (const int32_t *)plan->weights + (size_t)x * plan->taps;
            uint32_t sum[3];

            for (int c = 0; c < 3; c++)
                sum[c] = 1u << (plan->bits - 1);
            for (int t = 0; t < plan->taps; t++) {
                for (int c = 0; c < 3; c++)
                    sum[c] += pixel[step * t + plane * c] * (uint32_t)w[t];
            }
            for (int c = 0; c < 3; c++)
                dst[i * dst_stride + 3 * x + c] = to_byte(sum[c], plan->bits);
        }
    }
}

#define COLS 64 /* summed in parallel */

void cnx_resize_columns_c(uint8_t *dst, const uint8_t *const *src, int n, const void *weights,
                          int taps, int bits)
{
    const int32_t *w = weights;

    for (int x = 0; x < n; x += COLS) {
        int cols = n - x < COLS ? n - x : COLS;
        uint32_t sum[COLS];

        for (int j = 0; j < cols; j++)
            sum[j] = 1u << (bits - 1);
        for (int t = 0; t < taps; t++) {
            for (int j = 0; j < cols; j++)
                sum[j] += src[t][x + j] * (uint32_t)w[t];
        }
        for (int j = 0; j < cols; j++)
            dst[x + j] = to_byte(sum[j], bits);
    }
}
