/* Paints the mask of a segmentation into a frame, half transparent.
 *
 * GStreamer unpacks each row to 4:4:4 and packs it again, so almost every raw format works. Both
 * leave pixels alone that are not painted. Where colour is subsampled, it is that of the pixel that
 * the sample belongs to.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

#include "gst/convnext/convnext.h"

typedef struct GstConvnextPainter GstConvnextPainter;

/* For frames of this format, width and colorimetry. NULL if the format cannot be painted: an
 * encoded or opaque one, or one with a palette. */
GstConvnextPainter *gst_convnext_painter_new(const GstVideoInfo *info);
void gst_convnext_painter_free(GstConvnextPainter *painter); /* NULL allowed */

/* Paints the classes of the mask in the colours of its legend; the value 0 stays as it is. frame:
 * mapped for reading and writing, as wide as the painter's. rect: what the mask covers, in pixels
 * of frame; what lies outside is left out. A pixel of the frame shows the mask at its centre.
 * Allocates memory only for a new legend. */
void gst_convnext_painter_paint(GstConvnextPainter *painter, GstVideoFrame *frame,
                                GstConvnextSegmentation *segmentation, const GstConvnextRect *rect);
