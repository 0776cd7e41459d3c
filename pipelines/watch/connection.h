/* One connection to a camera: a source, from its opening to the end of it, and what has come from
 * it. Reference counted; it is to be closed before the last reference is given back.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pipelines/watch/counts.h"
#include "pipelines/watch/list.h"

typedef struct WatchConnection WatchConnection;

/* What has come since it was opened. */
typedef struct WatchFlow {
    guint64 frames;
    guint64 skipped; /* not among them: too late to be decoded */
    gint64 last;     /* when the last one of either came, monotonic microseconds */
    gboolean ended;
    int width, height;
    gboolean resized; /* since it was asked for the last time */
} WatchFlow;

/* counts outlives it. NULL with an error where an element is missing on this machine. */
WatchConnection *watch_connection_new(const WatchSettings *settings, WatchCounts *counts,
                                      GError **error);
WatchConnection *watch_connection_ref(WatchConnection *connection);
void watch_connection_unref(WatchConnection *connection);

/* Sets the pipeline playing, and adds the source and links it to the queue, which is in there, and
 * sets it playing too; nothing of that any more once it is given up. order is held while the
 * pipeline's state is changed. May take long. */
void watch_connection_open(WatchConnection *connection, GstElement *pipeline, GMutex *order,
                           GstElement *queue);

/* From any thread, before closing: what is not opened yet will not be. */
void watch_connection_give_up(WatchConnection *connection);

/* Ends it, after its opening where that is under way. May take long. */
void watch_connection_close(WatchConnection *connection);

/* Takes the source out of the pipeline where it is in it, whatever its state. */
void watch_connection_remove(WatchConnection *connection, GstElement *pipeline);

void watch_connection_read(WatchConnection *connection, WatchFlow *flow);

/* Whether an object is part of the source. */
gboolean watch_connection_holds(WatchConnection *connection, GstObject *object);
