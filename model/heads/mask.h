/* From the logits of a segmenter to the mask of the best classes, row by row: the interpolated
 * logits [height, width, classes] are never stored.
 *
 * A pixel of the mask is 0 (none) or 1 + the class with the largest value; of equal ones the first.
 * It is none if its score is below a threshold.
 *
 *   value = interpolated logit * scale + shift
 *   score = 1 / sum over classes of exp(value - largest value)     softmax
 *           1 / (1 + exp(-largest value))                          sigmoid
 *
 * A logit of -infinity excludes its class from each pixel that it is interpolated to with a weight
 * other than 0. With has_unknown, NaN and +infinity make such a pixel unknown: it is 0. A pixel
 * whose classes are all excluded is 0 too.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/dense/context.h"
#include "model/network/run.h"
#include "model/heads/windows.h"
#include "simd/scaling.h"

#define CNX_MASK_BYTE_CLASSES 255u /* masks of up to so many classes are bytes, else 16 bits */
#define CNX_MASK_MAX_CLASSES 65534u

typedef struct CnxMaskPlan {
    guint width, height;         /* of the mask */
    CnxScaling scaling;          /* of the last interpolation, to the mask's size */
    guint via_width, via_height; /* interpolate the logits to this size first; 0: do not */
    CnxScaling via_scaling;      /* of that first interpolation */
    gboolean sigmoid;            /* the score is a sigmoid; also for classes that do not exclude
                                    each other, of which the mask holds the best */
    float threshold;             /* 0 to 1; 0: off */
    const float *scale, *shift;  /* [classes]; scale: above 0; shift: -infinity excludes a class;
                                    NULL: 1 and 0; of both or of neither */
    guint none;                  /* the value of a pixel whose score is below the threshold: 0, or
                                    1 + a class */
    gboolean has_unknown;        /* some logits are NaN or +infinity, which otherwise have no
                                    defined result; costs time */
    CnxWindows windows;          /* whose logits these are, side by side (model/heads/slide.h), in
                                    an input of the via size: each window is interpolated to its
                                    part of it, and a pixel in several windows gets their mean */
} CnxMaskPlan;

/* Bytes of a value of the mask: 1 or 2. */
gsize cnx_mask_value_size(guint classes);

/* The bytes of scratch memory that each thread needs. Of the logits, only the size is read. */
gsize cnx_mask_scratch(const CnxMap *logits, const CnxMaskPlan *plan);

/* The interpolated logits that such a mask is made of: dst [height, width, classes]. Needs the same
 * scratch memory as the mask. */
void cnx_mask_logits(const CnxDenseContext *context, const CnxMap *logits, const CnxMaskPlan *plan,
                     float *dst);

/* logits: [1, h, w, classes], classes from 1 to CNX_MASK_MAX_CLASSES
 * mask:   [height, width] uint8 or uint16, rows stride bytes apart
 * counts: [classes + 1], receives the number of pixels of each value; NULL: not needed
 * Runs on the context's threads. Allocates nothing. */
void cnx_mask_compute(const CnxDenseContext *context, const CnxMap *logits, const CnxMaskPlan *plan,
                      void *mask, gsize stride, guint64 *counts);
