/* A camera's pipeline. Its source is replaced for each connection:
 *
 *     source ! queue ! convnext ! convnextpublish ! fakesink
 *
 * Everything behind the source keeps playing, so the model stays loaded and frames stay counted.
 * GStreamer's thread pool opens and closes sources, which may block for long; each pipeline does
 * one of these at a time. None of the functions here waits.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pipelines/watch/connection.h"

typedef struct WatchPipeline WatchPipeline;

/* What posted an error. */
typedef enum WatchOrigin {
    WATCH_ORIGIN_OLD_SOURCE, /* a source that is being closed */
    WATCH_ORIGIN_SOURCE,
    WATCH_ORIGIN_PIPELINE, /* convnext, or another element behind the source */
    WATCH_ORIGIN_OUTPUT    /* convnextpublish */
} WatchOrigin;

/* counts outlives the pipeline. NULL with an error if an element is not installed. */
WatchPipeline *watch_pipeline_new(const WatchSettings *settings, WatchCounts *counts,
                                  GError **error);
WatchPipeline *watch_pipeline_ref(WatchPipeline *pipeline);
void watch_pipeline_unref(WatchPipeline *pipeline);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WatchPipeline, watch_pipeline_unref)

/* Starts to open a new source, whose errors arrive on the bus. FALSE with an error if an element is
 * not installed. */
gboolean watch_pipeline_open(WatchPipeline *pipeline, GError **error);

/* Starts to close the source, and everything behind it too if whole is TRUE. Calls done with data
 * in the main thread, then free_data, once every thread of the closed elements has ended, or after
 * three seconds. */
void watch_pipeline_close(WatchPipeline *pipeline, gboolean whole, GSourceFunc done, gpointer data,
                          GDestroyNotify free_data);

/* How many sources are being closed and are within their three seconds. */
guint watch_pipeline_closing(void);

/* How many did not close in time and still have threads. */
guint watch_pipeline_left_behind(void);

/* What the open source has delivered; there must be one. */
void watch_pipeline_read(WatchPipeline *pipeline, WatchProgress *progress);

/* message: an error. *reason: a sentence for people, without credentials; the caller frees it. */
WatchOrigin watch_pipeline_error_origin(WatchPipeline *pipeline, GstMessage *message,
                                        char **reason);

/* message: a warning. Whether it means that the RTSP server has closed the connection that carries
 * the frames. */
gboolean watch_pipeline_hung_up(WatchPipeline *pipeline, GstMessage *message);

/* message: a warning. Its text if the element convnext posted it, otherwise NULL. The caller owns
 * it. */
char *watch_pipeline_model_warning(WatchPipeline *pipeline, GstMessage *message);

/* The caller owns the result. */
GstBus *watch_pipeline_bus(WatchPipeline *pipeline);
GstStructure *watch_pipeline_stats(WatchPipeline *pipeline); /* of the element convnext */
