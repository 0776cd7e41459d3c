/* Paints the segmentation of a result into the buffer that carries it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

#include "gst/convnext/convnext.h"
#include "gst/overlay/paint.h"

/* buffer: writable; its pixels are copied first if other buffers share them. caps: of the frames
 * that the painter was made for. Does nothing for a result without a segmentation, and for a buffer
 * whose memory does not hold the picture that its caps and its GstVideoMeta describe. */
void gst_convnext_paint_buffer(GstConvnextPainter *painter, const GstVideoInfo *caps,
                               GstBuffer *buffer, GstConvnextResult *result);
