/* Takes a copy of one frame from a pipeline on request. Without a request, a frame costs one atomic
 * read. Reference counted.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

typedef struct WatchTap WatchTap;

/* Called once, in the streaming thread. Takes both: a copy of the frame, which holds no memory of
 * a decoder, and its caps. Either may be NULL. */
typedef void (*WatchTapFunc)(GstBuffer *frame, GstCaps *caps, gpointer data);

WatchTap *watch_tap_new(void);
WatchTap *watch_tap_ref(WatchTap *tap);
void watch_tap_unref(WatchTap *tap);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WatchTap, watch_tap_unref)

/* Calls func with the next frame. There must be no other request. */
void watch_tap_open(WatchTap *tap, WatchTapFunc func, gpointer data);

/* Returns whether there was a request: if so, func will not be called; if not, it has returned. */
gboolean watch_tap_close(WatchTap *tap);

/* A frame passes the pad; call it in the streaming thread. */
void watch_tap_pass(WatchTap *tap, GstPad *pad, GstBuffer *frame);
