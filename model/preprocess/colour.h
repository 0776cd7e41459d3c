/* Colours: those of a YUV frame as the integer factors of simd/yuv.h, and grey ones.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/preprocess/image.h"
#include "simd/yuv.h"

/* matrix: BT.2020 is the non-constant luminance one. */
CnxYuvFactors cnx_colour_factors(CnxMatrix matrix, gboolean full_range);

/* row: [n] pixels of 4 bytes, R G B X, which become the greys of Pillow's convert("L"). */
void cnx_colour_make_grey(guint8 *row, guint n);
