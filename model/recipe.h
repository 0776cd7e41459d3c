/* How a frame becomes the network's input: the evaluation transform of the library that trained it.
 *
 * Sources: timm transforms_imagenet_eval, torchvision ImageClassification preset, transformers
 * ConvNextImageProcessor, facebookresearch datasets.py.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

typedef enum CnxCrop {
    CNX_CROP_CENTER, /* short side to `resize`, then the central size x size */
    CNX_CROP_SQUASH, /* both sides to `resize` whatever the aspect, then the central size x size */
    CNX_CROP_BORDER, /* long side to `resize`, then padded with the mean, or cut, to size x size */
    CNX_CROP_NONE,   /* short side to `size`, nothing cut, nothing padded: the input keeps the
                        frame's shape, and need not be square */
} CnxCrop;

typedef enum CnxFilter { /* Pillow's, all antialiased but nearest */
                         CNX_FILTER_NEAREST,
                         CNX_FILTER_BOX,
                         CNX_FILTER_BILINEAR,
                         CNX_FILTER_HAMMING,
                         CNX_FILTER_BICUBIC,
                         CNX_FILTER_LANCZOS,
} CnxFilter;

typedef enum CnxRounding { /* of the crop's origin when (resized - size) is odd */
                           CNX_ROUNDING_HALF_EVEN, /* torchvision, timm, facebookresearch: Python's
                                                      round() */
                           CNX_ROUNDING_FLOOR,     /* transformers */
} CnxRounding;

typedef struct CnxRecipe {
    guint size;      /* side of the network's input, pixels, >= 32 */
    guint resize;    /* side before the crop, pixels */
    double crop_pct; /* size / resize as the config says it: resize follows size through it */
    CnxCrop crop;
    CnxFilter filter;
    CnxRounding rounding;
    float mean[3], std[3]; /* RGB, of values scaled to 0..1 (after rescale) */
    float rescale;         /* usually 1/255 */
} CnxRecipe;
