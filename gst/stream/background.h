/* Runs the jobs of mode=latest in a worker and keeps their results for the next frame.
 *
 * The worker's slot holds an input, made in the streaming thread, and not the frame. Making an
 * input takes 0.9 ms of the streaming thread, mostly for frames that never run; holding the frame
 * would take 0.06 ms (tests/bench/live.c: 720p, inputs of 416 x 416, a network ten times too slow).
 * But a held frame is missing from a small buffer pool, must be released when that pool is drained
 * or changed, and makes elements downstream copy it before they draw on it.
 *
 * Belongs to the streaming thread, except for discard (any thread).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gst/engine/engine.h"

typedef struct GstConvnextBackground GstConvnextBackground;

/* Called in the worker's thread, with no lock held, for each job that has run and was not
 * discarded. error: NULL, or why the job failed; borrowed, like the job. */
typedef void GstConvnextBackgroundDone(const GstConvnextJob *job, const GError *error,
                                       gpointer data);

GstConvnextBackground *gst_convnext_background_new(GstConvnextBackgroundDone *done, gpointer data);
void gst_convnext_background_free(GstConvnextBackground *background); /* halts; NULL allowed */

/* Runs *job next: takes it and stores an empty job in *job. replaced: TRUE if an older job was
 * still waiting and was dropped. FALSE with error (CNX_ERROR) if the thread cannot be started; then
 * *job is unchanged. */
gboolean gst_convnext_background_submit(GstConvnextBackground *background, GstConvnextJob **job,
                                        gboolean *replaced, GError **error);

/* The results since the last call, owned by the caller: only the newest for whole frames, all for
 * objects. objects: receives [results] GstConvnextObject, empty for a whole frame. NULL if there
 * are none. */
GPtrArray *gst_convnext_background_collect(GstConvnextBackground *background, GArray **objects);

/* TRUE keeps a waiting job from starting, so that it can be replaced, until FALSE is set. */
void gst_convnext_background_hold(GstConvnextBackground *background, gboolean hold);

/* The frame (seen_frame) of the objects that run; 0 if none run. Results of earlier frames can be
 * collected. */
guint64 gst_convnext_background_running_frame(GstConvnextBackground *background);

/* Waits for jobs under way. */
void gst_convnext_background_drain(GstConvnextBackground *background);

/* Results of jobs so far are reported but not collected. */
void gst_convnext_background_forget(GstConvnextBackground *background);

/* Jobs under way are neither collected nor reported. Does not wait. Any thread. */
void gst_convnext_background_discard(GstConvnextBackground *background);

/* Discards jobs, ends the thread and frees the memory of jobs. */
void gst_convnext_background_halt(GstConvnextBackground *background);
