/* Rows of 8-bit YUV to planes of R, G and B, for formats whose chroma is halved along the row.
 *
 *   scaled(a, f) = (a f + 2^14) >> 15
 *   y' = scaled(y << 7, luma) + bias,  u' = (u - 128) << 8,  v' = (v - 128) << 8
 *   r = clamp( (y' + scaled(v', r_v)) >> 6, 0, 255 )
 *   g = clamp( (y' + scaled(u', g_u) + scaled(v', g_v)) >> 6, 0, 255 )
 *   b = clamp( (y' + scaled(u', b_u)) >> 6, 0, 255 )
 *
 * in integers, so that all versions give the same bytes. Everything fits in 16 bits but sums above
 * 32767, which may saturate: they are 255 anyhow. Both pixels of a pair take the chroma sample that
 * they share, as it is.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define CNX_YUV_BITS 6         /* of the fraction of y' and what is added to it */
#define CNX_YUV_LUMA_BITS 14   /* of the luma factor's: 1.164 is the largest */
#define CNX_YUV_CHROMA_BITS 13 /* of the chroma factors': 2.142 (BT.2020 blue) just fits */

typedef struct CnxYuvFactors {
    int16_t luma;
    int16_t r_v, g_u, g_v, b_u;
    int16_t bias; /* the offset of luma, and half a unit for rounding */
} CnxYuvFactors;

typedef enum CnxYuvLayout {
    CNX_YUV_PLANAR, /* y, u, v from a row each */
    CNX_YUV_UV,     /* y from a row, U V U V ... from another: v is u + 1, or u is v + 1 */
    CNX_YUV_YUYV,   /* one row, Y U Y V ... */
    CNX_YUV_UYVY,   /* one row, U Y V Y ... */
} CnxYuvLayout;

typedef struct CnxYuvRow {
    CnxYuvLayout layout;
    const uint8_t *y; /* the first pixel's luma */
    const uint8_t *u; /* the first pixel's chroma; the packed layouts' four bytes stand together */
    const uint8_t *v;
    int odd; /* 1: the first pixel is the second of its pair */
} CnxYuvRow;

/* dst: [3][n], R, G and B, rows `plane` bytes apart. Reads the samples of these n pixels, and in
 * the packed layouts the rest of their pairs' four bytes. */
typedef void CnxYuvFn(uint8_t *dst, size_t plane, const CnxYuvRow *row, int n,
                      const CnxYuvFactors *factors);
