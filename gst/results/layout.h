/* Where a segmenter's mask is in the network's input and in the frame.
 *
 * The network computes a mask of its whole input. The padding of the input is cut off, and the rest
 * is turned back to the frame's orientation:
 *
 *   whole [whole_height, whole_width]  ->  content [h, w] at x, y  ->  mask [height, width]
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/convnext/convnext.h>

#include "gst/settings/settings.h"

typedef struct GstConvnextLayout {
    guint whole_width, whole_height;    /* of the mask of the whole input */
    guint x, y, w, h;                   /* the pixels in it whose centres show the frame */
    GstConvnextOrientation orientation; /* of the whole input */
    guint width, height;                /* of the mask: w and h, or swapped */
    GstConvnextRect rect;               /* what it covers, pixels of the frame */
} GstConvnextLayout;

/* view: valid. map_width, map_height: of the head's last layer. With the size of the frame, a mask
 * without padding has as many pixels as its part of the frame. */
GstConvnextLayout gst_convnext_layout_of(const GstConvnextView *view, GstConvnextMaskSize size,
                                         guint map_width, guint map_height);

/* TRUE if the mask is the whole one as it is. */
gboolean gst_convnext_layout_is_plain(const GstConvnextLayout *layout);
