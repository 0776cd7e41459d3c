/* Encodes frames as JPEG: GstVideoConverter scales and converts, the element jpegenc encodes. It
 * has no thread and no pipeline of its own; use it in one thread at a time.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include "pipelines/watch/pictures/picture.h"

typedef struct WatchEncoder WatchEncoder;

/* quality: of JPEG, 1 to 100. NULL with an error if jpegenc is not installed. */
WatchEncoder *watch_encoder_new(int quality, GError **error);
void watch_encoder_free(WatchEncoder *encoder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WatchEncoder, watch_encoder_free)

/* The picture of a frame of any raw format, with square pixels, the frame's aspect, and a width of
 * at most max_width. Neither side is below 1. max_width 0: the frame's own pixels, not scaled, even
 * if they are not square. time: when the frame was taken, microseconds since 1970. NULL with an
 * error if the frame is not valid for its caps. */
WatchPicture *watch_encoder_encode(WatchEncoder *encoder, GstBuffer *frame, GstCaps *caps,
                                   guint max_width, gint64 time, GError **error);
