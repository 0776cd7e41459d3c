/* Frames with detected objects and the results of these objects.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/check/gstharness.h>
#include <gst/convnext/convnext.h>
#include <gst/video/video.h>

typedef struct Box {
    const char *type; /* NULL means no class */
    guint x, y, w, h;
    int id; /* of the region; 0 means none */
} Box;

/* A harness around a new convnext with region=objects. Pushes the caps unless they are NULL. */
GstHarness *boxes_harness(const char *model, const char *caps);

/* Adds a GstVideoRegionOfInterestMeta per box, pushes the frame and pulls it again. */
GstBuffer *boxes_process(GstHarness *h, GstBuffer *frame, const Box *boxes, guint n);

/* The results on a buffer in their order, borrowed, at most max. Returns their total number. */
guint boxes_metas(GstBuffer *buffer, GstConvnextMeta **metas, guint max);

/* Checks a result's region and its age in milliseconds. */
void boxes_check(const GstConvnextMeta *meta, guint x, guint y, guint w, guint h, guint age);
