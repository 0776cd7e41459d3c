/* Passes the decoded frames of a camera to the sources of its parts, so that they share its
 * connection and its decoder. Frames are not copied. Thread safe; reference counted.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

typedef struct WatchRelay WatchRelay;

/* is_file: every frame is passed, so that the frames wait for each part; otherwise a part gets the
 * newest frame, and nothing waits. */
WatchRelay *watch_relay_new(gboolean is_file);
WatchRelay *watch_relay_ref(WatchRelay *relay);
void watch_relay_unref(WatchRelay *relay);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WatchRelay, watch_relay_unref)

/* The source of a part, an element with the source pad "src", which gets frames until it is
 * removed. Floating. Of a file, frames wait until watch_relay_set_ready() is called. NULL with an
 * error if an element is not installed. */
GstElement *watch_relay_add(WatchRelay *relay, GError **error);

/* The source plays. */
void watch_relay_set_ready(WatchRelay *relay, GstElement *source);

/* The source gets no more frames. It may have been removed before. */
void watch_relay_remove(WatchRelay *relay, GstElement *source);

/* For the streaming thread of the camera: a frame with its caps, tags (an event), and the end of a
 * file. stop: set while these functions wait, it ends that; atomic. */
void watch_relay_push(WatchRelay *relay, GstBuffer *frame, GstCaps *caps, const int *stop);
void watch_relay_tag(WatchRelay *relay, GstEvent *tags, const int *stop);
void watch_relay_end(WatchRelay *relay, const int *stop);
