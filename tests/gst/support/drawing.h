/* Frames and results for convnextoverlay, and the pixels that it leaves.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>
#include <gst/convnext/convnext.h>
#include <gst/video/video.h>

#define DRAWING_WIDTH 320
#define DRAWING_HEIGHT 240
#define DRAWING_CAPS "video/x-raw,format=RGB,width=320,height=240,framerate=25/1"
#define DRAWING_GREY 0x808080 /* of each pixel of a frame */

/* Of these caps; whatever converters require to be the same on both sides is left out. */
GstVideoInfo drawing_info(const char *caps);

/* A grey frame in memory that is followed by bytes which must stay; drawing_draw() checks them. */
GstBuffer *drawing_frame(const char *caps);

/* A frame as 8-bit RGB, [height, width, 3]. Takes the frame. Free with g_free(). */
guint8 *drawing_pixels(const char *caps, GstBuffer *frame);

/* The pixel of a frame with DRAWING_CAPS. */
const guint8 *drawing_pixel(const guint8 *rgb, int x, int y);

/* colour: 0xRRGGBB; tolerance: of each component. */
gboolean drawing_is_near(const guint8 *pixel, guint colour, int tolerance);

/* How many of n pixels have this colour, or are not grey any more. */
guint drawing_count(const guint8 *rgb, gsize n, guint colour);
guint drawing_count_changed(const guint8 *rgb, gsize n);

/* Results: of a whole frame without anything, with two classes, whose scores sum to 1, and with a
 * red "car" in the box. The legend has "car" and "person", which is blue. */
extern const GstConvnextRect drawing_box;
GstConvnextResult *drawing_result(guint width, guint height);
GstConvnextResult *drawing_classes(const char *first, float score, const char *second);
GstConvnextLegend *drawing_legend(void);
GstConvnextResult *drawing_objects(void);

/* Attaches a result and gives it away. */
GstConvnextMeta *drawing_attach(GstBuffer *frame, GstConvnextResult *result);
void drawing_add_roi(GstBuffer *frame, const char *label, const GstConvnextRect *rect);

/* A harness around a convnextoverlay with these properties, as in gst-launch. Pushes the caps
 * unless they are NULL. */
GstHarness *drawing_open(const char *properties, const char *caps);

/* The pixels of a frame behind such an element. Takes the frame. */
guint8 *drawing_draw_in(const char *properties, const char *caps, GstBuffer *frame);
guint8 *drawing_draw(const char *properties, GstBuffer *frame);
