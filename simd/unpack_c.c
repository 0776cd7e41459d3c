/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/versions.h"

/* Unpacks pixels of step bytes, with R, G and B at the offsets r, g and b. */
static inline void unpack(uint8_t *dst, const uint8_t *src, int n, int step, int r, int g, int b)
{
    for (int i = 0; i < n; i++) {
        dst[4 * i] = src[i * step + r];
        dst[4 * i + 1] = src[i * step + g];
        dst[4 * i + 2] = src[i * step + b];
        dst[4 * i + 3] = 0;
    }
}

void cnx_unpack_rgb_c(uint8_t *dst, const uint8_t *src, int n)
{
    unpack(dst, src, n, 3, 0, 1, 2);
}

void cnx_unpack_bgr_c(uint8_t *dst, const uint8_t *src, int n)
{
    unpack(dst, src, n, 3, 2, 1, 0);
}

void cnx_unpack_rgbx_c(uint8_t *dst, const uint8_t *src, int n)
{
    unpack(dst, src, n, 4, 0, 1, 2);
}

void cnx_unpack_bgrx_c(uint8_t *dst, const uint8_t *src, int n)
{
    unpack(dst, src, n, 4, 2, 1, 0);
}

void cnx_unpack_xrgb_c(uint8_t *dst, const uint8_t *src, int n)
{
    unpack(dst, src, n, 4, 1, 2, 3);
}

void cnx_unpack_xbgr_c(uint8_t *dst, const uint8_t *src, int n)
{
    unpack(dst, src, n, 4, 3, 2, 1);
}

void cnx_unpack_gray_c(uint8_t *dst, const uint8_t *src, int n)
{
    unpack(dst, src, n, 1, 0, 0, 0);
}
