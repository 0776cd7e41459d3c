/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/versions.h"

static int scaled(int a, int factor)
{
    return (a * factor + (1 << 14)) >> 15;
}

static int load(const uint8_t *sample, int shift)
{
    return (uint16_t)((sample[0] | sample[1] << 8) << shift);
}

static uint16_t to_code(int value)
{
    value >>= CNX_YUV_BITS - CNX_YUV16_BITS;
    return value < 0 ? 0 : value < CNX_YUV16_CODES ? (uint16_t)value : CNX_YUV16_CODES - 1;
}

void cnx_yuv16_c(uint16_t *dst, size_t plane, const CnxYuvRow *row, int shift, int n,
                 const CnxYuvFactors *factors)
{
    const int chroma_step = row->layout == CNX_YUV_UV ? 4 : 2; /* bytes */

    for (int i = 0; i < n; i++) {
        int pair = (i + row->odd) / 2;
        int y = scaled(load(row->y + 2 * i, shift) >> 1, factors->luma) + factors->bias;
        int u = load(row->u + pair * chroma_step, shift) - (1 << 15);
        int v = load(row->v + pair * chroma_step, shift) - (1 << 15);

        dst[i] = to_code(y + scaled(v, factors->r_v));
        dst[plane + i] = to_code(y + scaled(u, factors->g_u) + scaled(v, factors->g_v));
        dst[2 * plane + i] = to_code(y + scaled(u, factors->b_u));
    }
}
