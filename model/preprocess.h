/* From a picture to the network's input: crop, antialiased resize to Pillow's bytes, normalise.
 *
 * Plan once per geometry, run per frame without allocation.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/error.h"
#include "model/image.h"
#include "model/recipe.h"

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
