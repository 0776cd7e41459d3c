/* The property roi: the part of the frame that is run.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "gst/convnext/rect.h"

/* Zeroed: the whole frame. Otherwise in whole pixels of the frame, or in fractions of its size if
 * all four numbers are at most 1. */
typedef struct GstConvnextRoi {
    double x, y, w, h;
} GstConvnextRoi;

static inline gboolean gst_convnext_roi_is_set(const GstConvnextRoi *roi)
{
    return roi->w > 0;
}

static inline gboolean gst_convnext_roi_equal(const GstConvnextRoi *a, const GstConvnextRoi *b)
{
    return a->x == b->x && a->y == b->y && a->w == b->w && a->h == b->h;
}

/* text: "x,y,w,h", with a point in fractions in every locale, and with spaces around the numbers if
 * there are any; NULL and "" mean the whole frame. FALSE with error (CNX_ERROR_SETTINGS) if it is
 * something else, or names no part of any frame; roi then keeps its value. */
gboolean gst_convnext_roi_parse(const char *text, GstConvnextRoi *roi, GError **error);

/* The pixels of roi in frames of width x height. Fractions are rounded to the nearest edges of
 * pixels, so adjacent parts stay adjacent; at least one pixel remains. FALSE with error
 * (CNX_ERROR_SETTINGS) if pixels lie outside the frame. */
gboolean gst_convnext_roi_locate(const GstConvnextRoi *roi, int width, int height,
                                 GstConvnextRect *rect, GError **error);
