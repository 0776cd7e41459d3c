/* GstConvnextRect: a rectangle of whole pixels.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/convnext/prelude.h>

G_BEGIN_DECLS

/**
 * GstConvnextRect:
 * @x: left edge, in pixels
 * @y: top edge, in pixels
 * @w: width, in pixels
 * @h: height, in pixels
 *
 * A part of a picture. A detector's box may extend beyond the picture.
 *
 * Since: 0.1
 */
typedef struct _GstConvnextRect GstConvnextRect;
struct _GstConvnextRect {
    int x;
    int y;
    int w;
    int h;
};

G_END_DECLS
