/* Frames with detected objects, and what the element says about them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/check/gstharness.h>
#include <gst/convnext/convnext.h>
#include <gst/video/video.h>

typedef struct Box {
    const char *type; /* NULL: none */
    guint x, y, w, h;
    int id; /* of the region; 0: none */
} Box;

/* A harness around a new convnext with region=objects, and the caps pushed. */
GstHarness *boxes_harness(const char *model, const char *caps);

/* Adds a GstVideoRegionOfInterestMeta for each box, pushes the frame and pulls it again. */
GstBuffer *boxes_through(GstHarness *h, GstBuffer *frame, const Box *boxes, guint n);

/* The results on a buffer, borrowed: at most max, in their order. Returns how many there are. */
guint boxes_metas(GstBuffer *buffer, GstConvnextMeta **metas, guint max);

/* age in milliseconds. */
void boxes_check(const GstConvnextMeta *meta, guint x, guint y, guint w, guint h, guint age);
