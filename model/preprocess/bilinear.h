/* The bilinear resizes without antialiasing: PyTorch's of floats and OpenCV's of bytes.
 *
 * Output i of `resized` from `in` pixels lies at s = (i + 0.5) in / resized - 0.5, between the
 * pixels floor(s) and floor(s) + 1 with the weights 1 - f and f, f = s - floor(s). At the edges
 * both are the last pixel.
 *
 *   torch   normalised floats; s, and each weight of the four corners, as float; the corners are
 *           added with fused multiplications in the order of interpolate()'s kernel for three
 *           channels, upper right, upper left, lower left, lower right
 *   opencv  bytes; s as double, weights with 11 bits; the rows exactly, the columns from 15 bits of
 *           them, and halving both sides the rounded mean of four
 *
 * A picture that is turned is turned first. Its gamut is converted before the resize.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/config/recipe.h"
#include "model/preprocess/unpack.h"

typedef struct CnxBilinear CnxBilinear;

/* unpack and table are borrowed until free; room for rows of the whole region is reserved in
 * unpack. geometry: of the upright picture. resampling: torch or opencv. NULL without memory. */
CnxBilinear *cnx_bilinear_new(CnxUnpack *unpack, const CnxGeometry *geometry,
                              CnxResampling resampling, const CnxNormalizeTable *table);
void cnx_bilinear_free(CnxBilinear *bilinear); /* NULL allowed */

/* The bytes that it takes at most. */
gsize cnx_bilinear_measure(const CnxUnpack *unpack, const CnxGeometry *geometry);

/* As cnx_preprocess_run(). */
void cnx_bilinear_run(CnxBilinear *bilinear, const CnxImage *image, float *dst, guint8 *bytes);
