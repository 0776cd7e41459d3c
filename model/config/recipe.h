/* How a frame becomes the network's input: the evaluation transform of the library that trained it.
 *
 * Sources: timm transforms_imagenet_eval, torchvision ImageClassification preset, transformers
 * ConvNextImageProcessor, facebookresearch datasets.py.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/error.h"

typedef enum CnxCrop {
    CNX_CROP_CENTER, /* short side to `resize`, then the central size x size */
    CNX_CROP_SQUASH, /* both sides to `resize` whatever the aspect, then the central size x size */
    CNX_CROP_BORDER, /* long side to `resize`, then padded with the mean, or cut, to size x size */
    CNX_CROP_NONE,   /* short side to `size`, nothing cut, nothing padded: the input keeps the
                        frame's shape, and need not be square */
} CnxCrop;

/* Pillow's, all antialiased but nearest */
typedef enum CnxFilter {
    CNX_FILTER_NEAREST,
    CNX_FILTER_BOX,
    CNX_FILTER_BILINEAR,
    CNX_FILTER_HAMMING,
    CNX_FILTER_BICUBIC,
    CNX_FILTER_LANCZOS,
} CnxFilter;

/* Of the crop's origin when (resized - size) is odd */
typedef enum CnxRounding {
    CNX_ROUNDING_HALF_EVEN, /* torchvision, timm, facebookresearch: Python's
                               round() */
    CNX_ROUNDING_FLOOR,     /* transformers */
} CnxRounding;

typedef struct CnxRecipe {
    guint size;        /* side of the network's input, pixels, >= 32 */
    guint resize;      /* side before the crop, pixels */
    double crop_pct;   /* size / resize as the config says it: resize follows size through it;
                          0: as if it were 0.875 */
    guint squash_from; /* inputs of this side and more are squashed, smaller ones cropped: 384 in
                          transformers and facebookresearch; 0: the mode does not follow the side */
    CnxCrop crop;
    CnxFilter filter;
    CnxRounding rounding;
    float mean[3], std[3]; /* RGB, of values scaled to 0..1 (after rescale) */
    double rescale;        /* usually 1.0 / 255 */
    gboolean grey; /* the picture is made grey first, all three colours alike, as Pillow does it */
} CnxRecipe;

/* "center", "squash", "border", "none". */
const char *cnx_crop_name(CnxCrop crop);

/* "nearest", "box", "bilinear", "hamming", "bicubic", "lanczos". */
const char *cnx_filter_name(CnxFilter filter);

/* Changes size, and resize with it, by the rule of the recipe's library:
 *   center, squash, border  resize = floor(size / crop_pct)
 *   none                    resize = size
 *   squash_from             from that side on: squash with resize = size, below it: center
 * The size that it has already changes nothing. */
void cnx_recipe_set_size(CnxRecipe *recipe, guint size);

/* Changes the crop mode to what property `crop` asks for, as timm's crop_mode does: crop_pct stays,
 * so that with crop_pct < 1 squash and border still cut the outermost part of the frame, and the
 * frame's content keeps the scale at which the network was evaluated. From then on the mode does
 * not follow the side any more. */
void cnx_recipe_set_crop(CnxRecipe *recipe, CnxCrop crop);

/* One axis of the way from the frame to the input. The frame becomes `resized` pixels long, of
 * which those from `src` on land on the `out` pixels of the input from `dst` on, `count` of them.
 * The rest of the input is padding. */
typedef struct CnxSpan {
    guint resized;
    guint src;
    guint out, dst;
    guint count;
} CnxSpan;

typedef struct CnxGeometry {
    CnxSpan x, y;
    guint8 fill[3]; /* the padding's bytes: 0, or the mean with CNX_CROP_BORDER */
} CnxGeometry;

/* What the recipe makes of a picture of width x height square pixels. Returns FALSE and sets error
 * (CNX_ERROR_SETTINGS) when a side rounds to 0, or to more than 2^24 pixels. */
gboolean cnx_recipe_geometry(const CnxRecipe *recipe, guint width, guint height,
                             CnxGeometry *geometry, GError **error);
