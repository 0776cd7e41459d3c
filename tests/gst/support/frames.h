/* Frames to push, and what the element says about them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/check/gstharness.h>
#include <gst/convnext/convnext.h>
#include <gst/video/video.h>

/* What is on a frame: smooth, so that no chroma grid loses anything */
typedef enum FramePicture {
    FRAME_COLOURS,
    FRAME_GRAYS,
    FRAME_OTHER, /* different from both */
} FramePicture;

/* A harness around a new convnext with the model, and the caps pushed. */
GstHarness *frames_harness(const char *model, const char *caps);

/* A frame of the caps with the picture, drawn in RGB and converted. pts in milliseconds. */
GstBuffer *frames_new(const char *caps, FramePicture picture, guint pts);

/* The same pixels in memory with wider rows and gaps between planes, said by a GstVideoMeta. Takes
 * the frame. */
GstBuffer *frames_pad(const char *caps, GstBuffer *frame);

/* Pushes the frame, and pulls it again. Fails when it does not come out. */
GstBuffer *frames_through(GstHarness *h, GstBuffer *frame);

/* The only result on a buffer, borrowed. Fails when there is none or more than one. */
GstConvnextResult *frames_result(GstBuffer *buffer);
GstConvnextMeta *frames_meta(GstBuffer *buffer);

/* The logits of the frame's only result: [NETWORK_CLASSES], to logits. Takes the frame. Needs
 * outputs with logits. */
void frames_logits(GstHarness *h, GstBuffer *frame, float *logits);

/* A counter of the element's stats. Fails when there is none of that name. */
guint64 frames_counter(GstHarness *h, const char *name);

/* The greatest difference of two sets of logits. */
float frames_distance(const float *a, const float *b);
