/* Shapes drawn into a frame: rectangles, text, masks and maps, some of them translucent.
 *
 * GStreamer unpacks each row that a shape covers to 4:4:4 and packs it again, so almost every raw
 * format works. Both leave pixels alone that no shape covers. Where colour is subsampled, it is
 * that of the pixel that the sample belongs to.
 *
 * Shapes are collected first and drawn together, in the order in which they were added. Colours are
 * 0xRRGGBB; an alpha is 0 (invisible) to GST_CONVNEXT_OPAQUE.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

#include "gst/convnext/convnext.h"
#include "gst/overlay/colour.h"

typedef struct GstConvnextCanvas GstConvnextCanvas;

/* A grid of values with smooth transitions between their centres. A pixel of the frame whose centre
 * is at x, y reads it at column u = at[0][0] x + at[0][1] y + at[0][2] and row v, the same with
 * at[1]; the centre of the first value is u = v = 0. */
typedef struct GstConvnextGrid {
    const guint8 *values; /* [rows, columns] */
    guint columns, rows;
    double at[2][3];
} GstConvnextGrid;

/* For frames of this format, size and colorimetry. NULL if the format cannot be drawn into: an
 * encoded or opaque one, a tiled one, or one with a palette. */
GstConvnextCanvas *gst_convnext_canvas_new(const GstVideoInfo *info);
void gst_convnext_canvas_free(GstConvnextCanvas *canvas); /* NULL allowed */

/* Removes all shapes. */
void gst_convnext_canvas_clear(GstConvnextCanvas *canvas);

/* TRUE if no shape covers any part of the frame. */
gboolean gst_convnext_canvas_is_empty(const GstConvnextCanvas *canvas);

/* Rectangles are in pixels of the frame; what lies outside it is left out. Data that a shape refers
 * to must stay valid until the canvas is cleared. */
void gst_convnext_canvas_add_fill(GstConvnextCanvas *canvas, const GstConvnextRect *rect, guint rgb,
                                  guint alpha);

/* coverage: [rect->h, stride] bytes, of which rect->w are used: 0 leaves a pixel alone, 255 makes
 * it rgb. */
void gst_convnext_canvas_add_coverage(GstConvnextCanvas *canvas, const GstConvnextRect *rect,
                                      const guint8 *coverage, gsize stride, guint rgb);

/* The classes of a mask in the colours of its legend, half transparent; the value 0 stays as it is.
 * rect: what the mask covers. A pixel of the frame shows the mask at its centre. shown: [classes]
 * TRUE for those that are drawn; NULL means all. */
void gst_convnext_canvas_add_mask(GstConvnextCanvas *canvas, GstConvnextSegmentation *segmentation,
                                  const GstConvnextRect *rect, const guint8 *shown);

/* A part of the frame in one colour, half transparent, wherever the grid is `least` or more. */
void gst_convnext_canvas_add_shade(GstConvnextCanvas *canvas, const GstConvnextRect *rect,
                                   const GstConvnextGrid *grid, guint least, guint rgb);

/* A part of the frame in the colours of heat: 0 is invisible, 255 red. */
void gst_convnext_canvas_add_heat(GstConvnextCanvas *canvas, const GstConvnextRect *rect,
                                  const GstConvnextGrid *grid);

/* Draws all shapes. frame: mapped for reading and writing, of the canvas's format and width. */
void gst_convnext_canvas_paint(GstConvnextCanvas *canvas, GstVideoFrame *frame);
