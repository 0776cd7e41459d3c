/* One connection to a camera: its source, from opening to closing, and the source's progress.
 * Reference counted; close it before releasing the last reference.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pipelines/watch/counts.h"
#include "pipelines/watch/frozen.h"
#include "pipelines/watch/relay.h"
#include "pipelines/watch/settings.h"

typedef struct WatchConnection WatchConnection;

/* The name of the element message that the source posts when its picture is frozen, and when it no
 * longer is. */
#define WATCH_FREEZE "convnext-watch-freeze"

#define WATCH_CODEC 100 /* bytes */

/* The frames that the source has delivered since it was opened. */
typedef struct WatchProgress {
    guint64 frames;
    guint64 dropped;   /* too late to be decoded; not counted in frames */
    gint64 last_time;  /* when the last frame of either kind arrived, monotonic microseconds */
    gint64 first_time; /* of the first frame that was decoded */
    gboolean has_ended;
    int width, height;
    int fps_n, fps_d;        /* frame rate of the caps; 0/1 if they do not say it */
    char codec[WATCH_CODEC]; /* its name for people, perhaps cut, or "" */
    gboolean size_changed;   /* since the last call of watch_connection_read() */
    WatchFreeze freeze;      /* the current run */
} WatchProgress;

/* counts and frozen, which may be NULL, must outlive the connection. inlet: of a part, where its
 * frames come from; else NULL. outlet: where decoded frames go, besides the pipeline. NULL with an
 * error if an element is not installed. */
WatchConnection *watch_connection_new(const WatchSettings *settings, WatchCounts *counts,
                                      WatchFrozen *frozen, WatchRelay *inlet, WatchRelay *outlet,
                                      GError **error);
WatchConnection *watch_connection_ref(WatchConnection *connection);
void watch_connection_unref(WatchConnection *connection);

/* Sets the pipeline to PLAYING, adds the source, links it to queue, an element of the pipeline, and
 * sets it to PLAYING too. Stops midway if watch_connection_give_up() is called. Holds order while
 * it changes the pipeline's state. May block for long. */
void watch_connection_open(WatchConnection *connection, GstElement *pipeline, GMutex *order,
                           GstElement *queue);

/* Call it from any thread before closing: a connection that is not open yet will not be opened. */
void watch_connection_give_up(WatchConnection *connection);

/* Closes the source, after waiting for an opening in progress. May block for long. */
void watch_connection_close(WatchConnection *connection);

/* Removes the source from the pipeline if it has been added, whatever its state. */
void watch_connection_remove(WatchConnection *connection, GstElement *pipeline);

void watch_connection_read(WatchConnection *connection, WatchProgress *progress);

/* message: of the type ELEMENT. Reads the freeze that it reports. FALSE if it is not a
 * WATCH_FREEZE.
 */
gboolean watch_connection_parse_freeze(GstMessage *message, WatchFreeze *freeze);

/* Whether the object is the source or its decoder, which post notes about tracks. */
gboolean watch_connection_may_note(WatchConnection *connection, GstObject *object);

/* Whether the object is part of the source. */
gboolean watch_connection_contains(WatchConnection *connection, GstObject *object);
