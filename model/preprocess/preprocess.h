/* From a picture to the network's input: crop, antialiased resize to Pillow's bytes, normalise.
 *
 * Plan once per geometry, run per frame without allocation. Only the rows and columns of the image
 * that the input needs are read (in YUY2 and UYVY, the four bytes that hold them).
 *
 *   region  as if the picture had been cropped to it first
 *   pixels  of the RGB formats and gray: the bytes are Pillow's (13.0) for the same picture
 *   grey    with the recipe's, each pixel becomes Pillow's grey of it before the resize
 *   YUV     each pixel takes the chroma sample that it shares, as it is, through the frame's matrix
 *           and range, and is rounded to an RGB byte before the resize
 *   shape   with pixels that are not square, the recipe's sizes are computed for the region as
 *           shown, round(w par_n / par_d) pixels wide; the stored pixels go there in one resize
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/error.h"
#include "model/config/recipe.h"
#include "model/preprocess/image.h"

typedef struct CnxPreprocess CnxPreprocess;

/* Returns NULL with error when the geometry cannot be resized so (a side of 0 after rounding). */
CnxPreprocess *cnx_preprocess_new(const CnxRecipe *recipe, const CnxImageInfo *info,
                                  GError **error);
void cnx_preprocess_free(CnxPreprocess *preprocess); /* NULL allowed */

/* Size of the network's input: size x size, but for CNX_CROP_NONE. */
void cnx_preprocess_size(const CnxPreprocess *preprocess, guint *width, guint *height);

/* dst: [height, width, 3] float, normalised RGB: (byte * rescale - mean) / std.
 * bytes: [height, width, 3] receives the resized and cropped RGB bytes; NULL allowed. */
void cnx_preprocess_run(CnxPreprocess *preprocess, const CnxImage *image, float *dst,
                        guint8 *bytes);
