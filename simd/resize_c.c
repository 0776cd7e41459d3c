/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/versions.h"

/* Unsigned, because the halves' sums may wrap around. */
static uint32_t weight(const CnxTaps *taps, int t)
{
    return ((uint32_t)taps[t / 4].hi[t % 4] << 16) + (uint32_t)taps[t / 4].lo[t % 4];
}

static uint8_t to_byte(uint32_t sum)
{
    int32_t value = (int32_t)sum >> CNX_RESIZE_BITS;

    return value < 0 ? 0 : value > 255 ? 255 : (uint8_t)value;
}

void cnx_resize_rows_c(uint8_t *dst, size_t dst_stride, const uint8_t *src, size_t src_stride,
                       int rows, int n, const int *start, const CnxTaps *taps, int groups)
{
    for (int i = 0; i < rows; i++) {
        for (int x = 0; x < n; x++) {
            const uint8_t *pixel = src + i * src_stride + 4 * start[x];
            const CnxTaps *w = taps + (size_t)x * groups;
            uint32_t sum[3];

            for (int c = 0; c < 3; c++)
                sum[c] = 1u << (CNX_RESIZE_BITS - 1);
            for (int t = 0; t < 4 * groups; t++) {
                uint32_t k = weight(w, t);

                for (int c = 0; c < 3; c++)
                    sum[c] += pixel[4 * t + c] * k;
            }
            for (int c = 0; c < 3; c++)
                dst[i * dst_stride + 3 * x + c] = to_byte(sum[c]);
        }
    }
}

#define COLS 64 /* summed side by side */

void cnx_resize_columns_c(uint8_t *dst, const uint8_t *const *src, int n, const CnxTaps *taps,
                          int groups)
{
    for (int x = 0; x < n; x += COLS) {
        int cols = n - x < COLS ? n - x : COLS;
        uint32_t sum[COLS];

        for (int j = 0; j < cols; j++)
            sum[j] = 1u << (CNX_RESIZE_BITS - 1);
        for (int t = 0; t < 4 * groups; t++) {
            uint32_t k = weight(taps, t);

            for (int j = 0; j < cols; j++)
                sum[j] += src[t][x + j] * k;
        }
        for (int j = 0; j < cols; j++)
            dst[x + j] = to_byte(sum[j]);
    }
}
