/* Frames to push and the results that the element attaches to them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/check/gstharness.h>
#include <gst/convnext/convnext.h>
#include <gst/video/video.h>

/* A smooth picture, so that subsampled chroma loses nothing */
typedef enum FramePicture {
    FRAME_COLOURS,
    FRAME_GRAYS,
    FRAME_OTHER, /* differs from both */
} FramePicture;

/* A harness around a new convnext with this model. Pushes the caps unless they are NULL. */
GstHarness *frames_harness(const char *model, const char *caps);

/* A frame with these caps, drawn in RGB and converted. pts is in milliseconds. */
GstBuffer *frames_new(const char *caps, FramePicture picture, guint pts);

/* Converts the pixels of one buffer into another, without dithering or interpolation of chroma. */
void frames_convert(const GstVideoInfo *from_info, GstBuffer *from, const GstVideoInfo *to_info,
                    GstBuffer *to);

/* Copies a frame's pixels to memory with wider rows and gaps between the planes, which a
 * GstVideoMeta describes. Takes the frame. */
GstBuffer *frames_pad(const char *caps, GstBuffer *frame);

/* Copies a frame's pixels to memory in the default layout of other caps of the same format and
 * size. Takes the frame. */
GstBuffer *frames_lay_out(const char *caps, const char *new_caps, GstBuffer *frame);

/* Copies a rectangle of an RGB frame to a new RGB frame of that size. Takes the frame. */
GstBuffer *frames_copy_rectangle(const char *caps, GstBuffer *frame, guint x, guint y, guint width,
                                 guint height);

/* Describes a frame by a GstVideoMeta and a GstVideoCropMeta with this rectangle. */
void frames_add_crop(const char *caps, GstBuffer *frame, guint x, guint y, guint width,
                     guint height);

GstVideoInfo frames_info(const char *caps);

/* Pushes the frame and pulls it again. Fails if it does not come out. */
GstBuffer *frames_process(GstHarness *h, GstBuffer *frame);

/* Removes all metadata, so that the buffer can be pushed again. */
void frames_remove_metas(GstBuffer *buffer);

/* The only result on a buffer, borrowed. Fails if there is none or more than one. */
GstConvnextMeta *frames_meta(GstBuffer *buffer);
GstConvnextResult *frames_result(GstBuffer *buffer);

/* The age of a buffer's only result. Takes the buffer. */
GstClockTime frames_age(GstBuffer *buffer);

/* Whether a buffer's only result comes from the network in this folder. */
gboolean frames_from_model(GstBuffer *buffer, const char *folder);

/* Processes a frame and writes the logits of its only result to logits [NETWORK_CLASSES]. Takes the
 * frame. The element's outputs must include the logits. */
void frames_logits(GstHarness *h, GstBuffer *frame, float *logits);

/* The largest difference between two sets of logits. */
float frames_distance(const float *a, const float *b);

/* An integer of the element's stats. Fails if no field has this name. */
guint64 frames_counter(GstElement *element, const char *name);
