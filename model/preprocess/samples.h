/* The samples of a picture: their address in memory, the factors of the YUV conversion, greyscale.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/preprocess/image.h"
#include "simd/yuv.h"

/* Row y of a plane, in rows of that plane. */
const guint8 *cnx_samples_row(const CnxImage *image, int plane, guint y);

/* Row y of a picture in a YUV format, from pixel x on. */
CnxYuvRow cnx_samples_yuv(const CnxImage *image, CnxPixels pixels, guint x, guint y);

/* The integer factors that convert YUV to RGB. BT.2020 is the non-constant luminance variant. */
CnxYuvFactors cnx_samples_yuv_factors(CnxMatrix matrix, gboolean full_range);

/* Converts a row [n] of 4-byte pixels, R G B X, to the greys of Pillow's convert("L"). */
void cnx_samples_make_grey(guint8 *row, guint n);
