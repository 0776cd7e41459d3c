/* Draws a canvas into the frame of a buffer.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gst/overlay/canvas.h"

/* buffer: writable, of the caps that the canvas was made for. Does nothing for a buffer whose
 * memory does not hold the frame that the caps describe. */
void gst_convnext_paint_buffer(GstConvnextCanvas *canvas, const GstVideoInfo *caps,
                               GstBuffer *buffer);
