/* From a picture to the network's input: crop, resize, normalisation. The rules below are those of
 * Pillow's resize; bilinear.h has the other two, which follow them except where it says so.
 *
 * Plan once per geometry and run per frame, without allocation. Only the rows and columns that the
 * input needs are read (in YUY2 and UYVY, the four bytes that contain them).
 *
 *   region  as if the picture had been cropped to it first
 *   pixels  RGB formats and gray give Pillow's (13.0) bytes for the same picture
 *   grey    if the recipe has grey set, each pixel becomes Pillow's grey before the resize
 *   YUV     each pixel takes its shared chroma sample unfiltered, is converted with the frame's
 *           matrix and range, and is rounded to RGB bytes before the resize
 *   colours HDR and wide gamuts are converted to BT.709 SDR, see colours.h: the tone before
 *           the resize, the gamut after it
 *   turn    as if the region had been cropped and then turned upright, byte for byte; each
 *           pixel takes the chroma sample that it shares in the stored picture
 *   shape   with pixels that are not square, the recipe's sizes are computed for the region as
 *           displayed, round(w par_n / par_d) pixels wide; one resize maps the stored pixels
 *           to these sizes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/error.h"
#include "model/config/recipe.h"
#include "model/preprocess/image.h"

typedef struct CnxPreprocess CnxPreprocess;

/* What the input shows: a part of the stored picture, turned as the info says, becomes the content
 * of the input; the rest of the input is padding. */
typedef struct CnxView {
    double x, y, w, h;          /* the part of the stored picture, pixels */
    guint width, height;        /* of the input, pixels */
    guint content_x, content_y; /* of the content in the input, pixels */
    guint content_w, content_h;
} CnxView;

typedef struct CnxPreprocessSize {
    CnxView view;
    gsize bytes; /* that preprocessing takes at most, without the input */
} CnxPreprocessSize;

/* Measures the preprocessing for this geometry without allocating it. FALSE with the errors of
 * cnx_preprocess_new(). */
gboolean cnx_preprocess_measure(const CnxRecipe *recipe, const CnxImageInfo *info,
                                CnxPreprocessSize *size, GError **error);

/* Returns NULL with error if this geometry is impossible (a side rounds to 0). */
CnxPreprocess *cnx_preprocess_new(const CnxRecipe *recipe, const CnxImageInfo *info,
                                  GError **error);
void cnx_preprocess_free(CnxPreprocess *preprocess); /* NULL allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CnxPreprocess, cnx_preprocess_free)

/* Size of the network's input, with its padding: as in the recipe, or by the shape of the picture
 * with CNX_CROP_NONE and CNX_CROP_FIT. */
void cnx_preprocess_size(const CnxPreprocess *preprocess, guint *width, guint *height);

CnxView cnx_preprocess_view(const CnxPreprocess *preprocess);

/* dst: [height, width, 3] float, normalised RGB: (byte * rescale - mean) / std.
 * bytes: [height, width, 3] receives the resized and cropped RGB bytes; NULL allowed, and needed
 * with CNX_RESAMPLING_TORCH, which has none. */
void cnx_preprocess_run(CnxPreprocess *preprocess, const CnxImage *image, float *dst,
                        guint8 *bytes);
