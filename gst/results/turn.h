/* Turns what a network computes on a turned frame back to the frame's orientation.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/convnext/convnext.h>

/* TRUE if the orientation swaps width and height. */
gboolean gst_convnext_swaps_sides(GstConvnextOrientation orientation);

/* dst: [height, width], in the frame's orientation. src: the same as the network sees it, that is,
 * turned by orientation, with rows src_stride elements apart. size: bytes of an element, 1, 2 or 4.
 */
void gst_convnext_turn_back(gpointer dst, guint width, guint height, gconstpointer src,
                            gsize src_stride, gsize size, GstConvnextOrientation orientation);
