/* A camera's pipeline. Its source is replaced for each connection:
 *
 *     source ! queue ! convnext ! convnextpublish ! fakesink
 *       |
 *     relay, to the sources of the camera's parts
 *
 * The downstream elements keep playing, so the model stays loaded and frame numbers continue.
 * Sources are opened and closed in GStreamer's thread pool, one at a time for each pipeline,
 * because that may block for long. The functions here do not wait for it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pipelines/watch/baseline/learner.h"
#include "pipelines/watch/connection.h"
#include "pipelines/watch/pictures/tap.h"

typedef struct WatchPipeline WatchPipeline;

/* The origin of an error. */
typedef enum WatchOrigin {
    WATCH_ORIGIN_OLD_SOURCE, /* a source that is being closed */
    WATCH_ORIGIN_SOURCE,
    WATCH_ORIGIN_PIPELINE, /* convnext, or another downstream element */
    WATCH_ORIGIN_OUTPUT    /* convnextpublish */
} WatchOrigin;

/* counts must outlive the pipeline. inlet: of a part, the relay of its camera; else NULL. NULL with
 * an error if an element is not installed. */
WatchPipeline *watch_pipeline_new(const WatchSettings *settings, WatchRelay *inlet,
                                  WatchCounts *counts, GError **error);
WatchPipeline *watch_pipeline_ref(WatchPipeline *pipeline);
void watch_pipeline_unref(WatchPipeline *pipeline);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WatchPipeline, watch_pipeline_unref)

/* Starts to open a new source, whose errors arrive on the bus. FALSE with an error if an element is
 * not installed. */
gboolean watch_pipeline_open(WatchPipeline *pipeline, GError **error);

/* message: of the type ELEMENT. If it comes from the source and is a WATCH_REDIRECT, the next
 * source is opened where it leads, with the login if that is the same place, and this returns TRUE.
 */
gboolean watch_pipeline_redirect(WatchPipeline *pipeline, GstMessage *message);

/* Where the last source was redirected to, without what may be secret; NULL if it was not.
 * *has_lost_login: whether it has no login because of that. The caller owns the result. */
char *watch_pipeline_redirected(const WatchPipeline *pipeline, gboolean *has_lost_login);

/* Starts to close the source, and the downstream elements too if whole is TRUE. Calls done with
 * data in the main thread, then free_data, once every thread of the closed elements has ended, or
 * after three seconds. */
void watch_pipeline_close(WatchPipeline *pipeline, gboolean whole, GSourceFunc done, gpointer data,
                          GDestroyNotify free_data);

/* The number of sources that have been closing for less than three seconds. */
guint watch_pipeline_closing(void);

/* The number of sources that did not close in time and still have threads. */
guint watch_pipeline_left_behind(void);

/* Reads the progress of the source. FALSE if none is open. */
gboolean watch_pipeline_read(WatchPipeline *pipeline, WatchProgress *progress);

/* Returns the origin of an error. *reason: a sentence without credentials; the caller frees it. */
WatchOrigin watch_pipeline_error_origin(WatchPipeline *pipeline, GstMessage *message,
                                        char **reason);

/* Whether a warning means that the RTSP server has closed the connection that carries the frames.
 */
gboolean watch_pipeline_hung_up(WatchPipeline *pipeline, GstMessage *message);

/* message: a warning. Its text if the element convnext posted it, otherwise NULL. The caller owns
 * it. */
char *watch_pipeline_model_warning(WatchPipeline *pipeline, GstMessage *message);

/* message: one of the type INFO. Its text if the source posted it, otherwise NULL. The caller owns
 * it. */
char *watch_pipeline_source_note(WatchPipeline *pipeline, GstMessage *message);

/* The caller owns the result. */
GstBus *watch_pipeline_bus(WatchPipeline *pipeline);
GstStructure *watch_pipeline_stats(WatchPipeline *pipeline); /* of the element convnext */

/* The verdict of the baseline. FALSE if there is none. */
gboolean watch_pipeline_baseline(WatchPipeline *pipeline, WatchVerdict *verdict);

/* Where parts get the frames of every source; borrowed. */
WatchRelay *watch_pipeline_relay(WatchPipeline *pipeline);

/* Where the frames can be taken behind convnextpublish, from every source; borrowed. */
WatchTap *watch_pipeline_tap(WatchPipeline *pipeline);
