/* Converts rows of 8-bit YUV to planes of R, G and B, for formats with half as many chroma samples
 * as pixels in a row.
 *
 *   scaled(a, f) = (a f + 2^14) >> 15
 *   y' = scaled(y << 7, luma) + bias,  u' = (u - 128) << 8,  v' = (v - 128) << 8
 *   r = clamp( (y' + scaled(v', r_v)) >> 6, 0, 255 )
 *   g = clamp( (y' + scaled(u', g_u) + scaled(v', g_v)) >> 6, 0, 255 )
 *   b = clamp( (y' + scaled(u', b_u)) >> 6, 0, 255 )
 *
 * in integers, so that all versions give the same bytes. All values fit in 16 bits except sums
 * above 32767; those may saturate, since they clamp to 255 anyway. Both pixels of a pair use their
 * shared chroma sample unfiltered.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Fraction bits */
#define CNX_YUV_BITS 6         /* of y' and of the chroma terms */
#define CNX_YUV_LUMA_BITS 14   /* of the luma factor; the largest is 1.164 */
#define CNX_YUV_CHROMA_BITS 13 /* of the chroma factors; 2.142 (BT.2020 blue) just fits */

typedef struct CnxYuvFactors {
    int16_t luma;
    int16_t r_v, g_u, g_v, b_u;
    int16_t bias; /* luma offset, plus half a unit for rounding */
} CnxYuvFactors;

typedef enum CnxYuvLayout {
    CNX_YUV_PLANAR, /* y, u and v each have a row */
    CNX_YUV_UV,     /* a row of y, and a row U V U V ...: v is u + 1, or u is v + 1 */
    CNX_YUV_YUYV,   /* one row, Y U Y V ... */
    CNX_YUV_UYVY,   /* one row, U Y V Y ... */
} CnxYuvLayout;

/* In packed layouts the four bytes of a pair are contiguous. */
typedef struct CnxYuvRow {
    CnxYuvLayout layout;
    const uint8_t *y; /* the first pixel's luma */
    const uint8_t *u; /* the first pixel's chroma */
    const uint8_t *v;
    int odd; /* 1 if the first pixel is the second of its pair */
} CnxYuvRow;

/* dst: [3][n], R, G and B, rows `plane` bytes apart. Reads the samples of these n pixels and, in
 * packed layouts, all four bytes of their pairs. */
typedef void CnxYuvFn(uint8_t *dst, size_t plane, const CnxYuvRow *row, int n,
                      const CnxYuvFactors *factors);
