/* The samples of a picture: their address in memory, the factors of the YUV conversion, greyscale.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/preprocess/image.h"
#include "simd/yuv.h"

/* From the stored picture to the upright one: mirrors columns and rows, then transposes. */
typedef struct CnxTurn {
    gboolean mirrors_columns, mirrors_rows, transposes;
} CnxTurn;

CnxTurn cnx_samples_turn(CnxOrientation orientation);

/* Row y of a plane, in rows of that plane. */
const guint8 *cnx_samples_row(const CnxImage *image, int plane, guint y);

/* Row y of a picture in a YUV format, from pixel x on. The samples of the formats with 2 bytes for
 * each are for simd/yuv16.h. */
CnxYuvRow cnx_samples_yuv(const CnxImage *image, CnxPixels pixels, guint x, guint y);

/* The integer factors that convert YUV to RGB, for simd/yuv.h or, with 2 bytes for each sample,
 * simd/yuv16.h. BT.2020 is the non-constant luminance variant. */
CnxYuvFactors cnx_samples_yuv_factors(const CnxImageInfo *info);

/* TRUE for the YUV formats with 2 bytes for each sample. */
gboolean cnx_samples_are_wide(CnxPixels pixels);

/* How far such samples are shifted to the left to fill 16 bits. */
int cnx_samples_shift(const CnxImageInfo *info);

/* Converts n pixels of CNX_PIXELS_XRGB64 to codes [3][n], see simd/yuv16.h. */
void cnx_samples_unpack_xrgb64(guint16 *codes, const guint8 *src, guint n);

/* Converts n pixels to codes: bytes R, G and B, `channel` bytes apart, pixels `pixel` bytes apart.
 */
void cnx_samples_widen(guint16 *codes, const guint8 *rgb, gsize channel, gsize pixel, guint n);

/* Converts n pixels to the greys of Pillow's convert("L"). */
void cnx_samples_make_grey(guint8 *rgb, gsize channel, gsize pixel, guint n);
