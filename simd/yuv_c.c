/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/versions.h"

static int scaled(int a, int factor)
{
    return (a * factor + (1 << 14)) >> 15;
}

static uint8_t to_byte(int value)
{
    value >>= CNX_YUV_BITS;
    return value < 0 ? 0 : value > 255 ? 255 : (uint8_t)value;
}

void cnx_yuv_c(uint8_t *dst, size_t plane, const CnxYuvRow *row, int n,
               const CnxYuvFactors *factors)
{
    static const int luma_step[] = {1, 1, 2, 2}, chroma_step[] = {1, 2, 4, 4}; /* bytes */

    for (int i = 0; i < n; i++) {
        int pair = (i + row->odd) / 2;
        int y = scaled(row->y[i * luma_step[row->layout]] * 128, factors->luma) + factors->bias;
        int u = (row->u[pair * chroma_step[row->layout]] - 128) * 256;
        int v = (row->v[pair * chroma_step[row->layout]] - 128) * 256;

        dst[i] = to_byte(y + scaled(v, factors->r_v));
        dst[plane + i] = to_byte(y + scaled(u, factors->g_u) + scaled(v, factors->g_v));
        dst[2 * plane + i] = to_byte(y + scaled(u, factors->b_u));
    }
}
