/* The pipeline of a camera, in which the source is replaced whenever the camera is gone:
 *
 *     source ! queue ! convnext ! convnextpublish ! fakesink
 *
 * What is behind the source plays on, so the model stays loaded and frames are counted on. What may
 * take long, connecting and closing, is done by GStreamer's pool of threads, one thing after the
 * other for each pipeline: none of these functions waits.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pipelines/watch/connection.h"

typedef struct WatchPipeline WatchPipeline;

/* Whose error a message tells. */
typedef enum WatchBlame {
    WATCH_BLAME_NOBODY, /* a source that is on its way out */
    WATCH_BLAME_SOURCE,
    WATCH_BLAME_NETWORK, /* convnext, or something else behind the source */
    WATCH_BLAME_OUTPUT   /* convnextpublish */
} WatchBlame;

/* counts outlives it. NULL with an error where an element is missing on this machine. */
WatchPipeline *watch_pipeline_new(const WatchSettings *settings, WatchCounts *counts,
                                  GError **error);
WatchPipeline *watch_pipeline_ref(WatchPipeline *pipeline);
void watch_pipeline_unref(WatchPipeline *pipeline);

/* Begins to open a new source; errors of that come on the bus. FALSE with an error where an element
 * is missing on this machine. */
gboolean watch_pipeline_open(WatchPipeline *pipeline, GError **error);

/* Begins to close the source, and with whole everything behind it too. done is called with data in
 * the main thread when all threads of what was closed have ended, or when they do not end in three
 * seconds, and free_data after it. */
void watch_pipeline_close(WatchPipeline *pipeline, gboolean whole, GSourceFunc done, gpointer data,
                          GDestroyNotify free_data);

/* How many closings have begun, and not ended in their three seconds yet. */
guint watch_pipeline_closing(void);

/* How many did not end in time, and still have threads. */
guint watch_pipeline_left_behind(void);

/* What has come from the source that was opened last and is not closed: there has to be one. */
void watch_pipeline_read(WatchPipeline *pipeline, WatchFlow *flow);

/* message: an error. reason: the sentence for people, without the login; the caller frees it. */
WatchBlame watch_pipeline_blame(WatchPipeline *pipeline, GstMessage *message, char **reason);

/* message: a warning. Whether it says that an RTSP server has closed the connection, by which
 * frames come. */
gboolean watch_pipeline_hung_up(WatchPipeline *pipeline, GstMessage *message);

/* Both belong to the caller. */
GstBus *watch_pipeline_bus(WatchPipeline *pipeline);
GstStructure *watch_pipeline_stats(WatchPipeline *pipeline); /* of the element convnext */
