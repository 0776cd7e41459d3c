/* The input recipe: how a frame becomes the network's input. It is the evaluation transform of the
 * library that trained the network.
 *
 * Sources: timm transforms_imagenet_eval, torchvision ImageClassification preset and
 * GeneralizedRCNNTransform, transformers ConvNextImageProcessor, facebookresearch datasets.py, mmcv
 * imrescale.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/error.h"

#define CNX_CROP_PCT 0.875   /* every library's default; timm's DEFAULT_CROP_PCT */
#define CNX_INPUT_MAX 16384u /* largest side of an input that a config may set, pixels */

typedef enum CnxCrop {
    CNX_CROP_CENTER, /* short side to `resize`, then the central size x size */
    CNX_CROP_SQUASH, /* both sides to `resize` whatever the aspect, then the central size x size */
    CNX_CROP_BORDER, /* long side to `resize`, then padded with the mean, or cut, to size x size */
    CNX_CROP_NONE,   /* short side to `size`, no crop and no padding: the input keeps the frame's
                        shape, and need not be square */
    CNX_CROP_FIT, /* short side to `size`, or less where the long side would exceed `longest`; the
                     input keeps the frame's shape, padded on the right and at the bottom to whole
                     multiples of `multiple`, with zeros after the normalisation */
} CnxCrop;

/* Who resizes, and when: three results for the same sizes. The last two are bilinear, without
 * antialiasing, and do not read `filter`. */
typedef enum CnxResampling {
    CNX_RESAMPLING_PILLOW, /* bytes, with `filter`, antialiased */
    CNX_RESAMPLING_TORCH,  /* floats, after the normalisation: interpolate(), as torchvision's
                              detectors  call it */
    CNX_RESAMPLING_OPENCV, /* bytes: cv2.resize(), as mmcv calls it */
} CnxResampling;

/* Pillow's filters; all but nearest antialias */
typedef enum CnxFilter {
    CNX_FILTER_NEAREST,
    CNX_FILTER_BOX,
    CNX_FILTER_BILINEAR,
    CNX_FILTER_HAMMING,
    CNX_FILTER_BICUBIC,
    CNX_FILTER_LANCZOS,
} CnxFilter;

/* Rounding of the crop's origin if (resized - size) is odd */
typedef enum CnxRounding {
    CNX_ROUNDING_HALF_EVEN, /* torchvision, timm, facebookresearch: Python's round() */
    CNX_ROUNDING_FLOOR,     /* transformers */
} CnxRounding;

typedef struct CnxRecipe {
    guint size; /* side of the network's input, pixels, >= 32; the shorter one if the input is
                   not square */
    guint width, height; /* of an input that is not square; 0 for size x size, none and fit */
    guint longest;       /* fit only: limit for the long side, pixels; 0 means none */
    guint multiple;      /* fit only: of the padded sides; 0 and 1 mean no padding */
    guint resize;        /* side before the crop, pixels */
    double crop_pct;     /* size / resize, as configured; resize follows size through it. 0 means
                            CNX_CROP_PCT */
    guint squash_from;   /* inputs at least this large are squashed, smaller ones cropped: 384 in
                            transformers and facebookresearch. 0: crop does not depend on size */
    CnxCrop crop;
    CnxFilter filter;
    CnxResampling resampling;
    CnxRounding rounding;
    float mean[3], std[3]; /* RGB, of values scaled to 0..1 (after rescale) */
    double rescale;        /* usually 1.0 / 255 */
    gboolean grey;         /* convert the picture to greyscale first, as Pillow does: R = G = B */
    const char *reshape; /* static: the setting that helps if a picture is too wide or too high for
                            the recipe; NULL means "crop=squash" */
} CnxRecipe;

/* "center", "squash", "border", "none", "fit". */
const char *cnx_crop_name(CnxCrop crop);

/* "nearest", "box", "bilinear", "hamming", "bicubic", "lanczos". */
const char *cnx_filter_name(CnxFilter filter);

/* "pillow", "torch", "opencv". */
const char *cnx_resampling_name(CnxResampling resampling);

/* Sets size for a square input, and resize by the rule of the recipe's library:
 *   center, squash, border  resize = floor(size / crop_pct)
 *   none                    resize = size
 *   fit                     resize = size, and longest in proportion
 *   squash_from             squash with resize = size from that side on, center below it
 * Setting the current size changes nothing. */
void cnx_recipe_set_size(CnxRecipe *recipe, guint size);

/* Sets an input of width x height. Both are resized for it as set_size() resizes size, and the
 * picture is scaled to these sides as timm does it: center covers them, border fits into them,
 * squash ignores the aspect. With fit, the shorter one becomes size and the longer one longest.
 * With none, only the shorter one counts. */
void cnx_recipe_set_sides(CnxRecipe *recipe, guint width, guint height);

/* Sets crop mode fit with these limits for the short and the long side, and the multiple. */
void cnx_recipe_set_fit(CnxRecipe *recipe, guint size, guint longest, guint multiple);

/* Sets the crop mode, as the element's property `crop` does, by the rules of timm's crop_mode:
 * crop_pct stays, so that with crop_pct < 1 squash and border still cut the edge of the frame, and
 * content keeps the scale at which the network was evaluated. Clears squash_from. Fit takes the
 * limits that the recipe has, or those of torchvision's detectors in proportion to size. */
void cnx_recipe_set_crop(CnxRecipe *recipe, CnxCrop crop);

/* The size of the input that the recipe makes: of any picture with center, squash and border, and
 * of one of 1920 x 1080 with fit. With none, it is size x size, that of a square picture. */
void cnx_recipe_input(const CnxRecipe *recipe, guint *width, guint *height);

/* One axis of the mapping from the frame to the input. The frame is resized to `resized` pixels;
 * `count` of them, starting at `src`, become the pixels of the input that start at `dst`. The rest
 * of the input's `out` pixels are padding. */
typedef struct CnxSpan {
    guint resized;
    guint src;
    guint out, dst;
    guint count;
} CnxSpan;

typedef struct CnxGeometry {
    CnxSpan x, y;
    guint8 fill[3];      /* bytes of the padding: 0, or the mean with CNX_CROP_BORDER */
    gboolean pads_zeros; /* the padding is 0 after the normalisation, whatever the bytes */
} CnxGeometry;

/* Computes the mapping for a picture of width x height square pixels. Returns FALSE with error
 * (CNX_ERROR_SETTINGS) if a side rounds to 0 or to more than 2^24 pixels. */
gboolean cnx_recipe_geometry(const CnxRecipe *recipe, guint width, guint height,
                             CnxGeometry *geometry, GError **error);
