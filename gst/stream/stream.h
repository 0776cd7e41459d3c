/* A stream of frames: decides which run and in which thread, which results they carry, and what is
 * posted about it.
 *
 *   frame -> schedule: RUN? -> job -> mode=sync:   run, attach
 *               |                     mode=latest: submit to the worker; attach its newest results
 *               +-- otherwise: attach the last results
 *
 * What an event discards:
 *
 *   event        job under way  results to carry  tracks   states  error of the worker
 *   flush        yes            yes               yes      yes     yes
 *   new segment  not attached   yes               yes      no      no
 *   new caps     not attached   yes               yes      no      no
 *   other model  yes            yes               yes      (1)     yes
 *   stop, start  yes            yes               yes      yes     yes
 *
 *   (1) unless both models give the same classes. Tracks with a tracking id lose their result only.
 *
 * Functions belong to the thread that holds the streaming lock, except those marked "any thread".
 * The stream's own lock is taken after the element's object lock.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

#include "gst/input/input.h"
#include "gst/settings/settings.h"

typedef struct GstConvnextStream GstConvnextStream;

/* element: for messages and logs; not held. */
GstConvnextStream *gst_convnext_stream_new(GstElement *element);
void gst_convnext_stream_free(GstConvnextStream *stream); /* NULL allowed */

/* Frames come between start and stop only. start resets the counters; stop frees what is as large
 * as a frame or a model. */
void gst_convnext_stream_start(GstConvnextStream *stream);
void gst_convnext_stream_stop(GstConvnextStream *stream);

/* Sets the input for the frames that follow, which is taken, after new caps; NULL if none
 * follow. */
void gst_convnext_stream_take_input(GstConvnextStream *stream, GstConvnextInput *input);

gboolean gst_convnext_stream_has_input(const GstConvnextStream *stream);

/* Sets the input, which is taken, after a change of the model. keep_states: both models give the
 * same classes. Returns the number of the next frame. */
guint64 gst_convnext_stream_change_model(GstConvnextStream *stream, GstConvnextInput *input,
                                         gboolean keep_states);

void gst_convnext_stream_set_segment(GstConvnextStream *stream, const GstSegment *segment);

/* Adds metadata to the frame, or starts a job for later frames. FALSE after an error, which has
 * been posted. */
gboolean gst_convnext_stream_frame(GstConvnextStream *stream, GstBuffer *buffer,
                                   const GstConvnextFrameSettings *settings);

/* Waits for jobs under way, and posts their messages. */
void gst_convnext_stream_drain(GstConvnextStream *stream);

/* Discards jobs under way. Until flush or start no frame waits for the engine: frames pass without
 * a result. Any thread. */
void gst_convnext_stream_interrupt(GstConvnextStream *stream);

void gst_convnext_stream_flush(GstConvnextStream *stream);

/* Takes a QOS event; see gst_convnext_schedule_add_qos(). TRUE if in mode=sync with qos skipping
 * inference may be enough to catch up. Any thread. */
gboolean gst_convnext_stream_add_qos(GstConvnextStream *stream, GstQOSType type,
                                     GstClockTime running_time, GstClockTimeDiff lateness);

/* The latency that the element adds to a pipeline, to answer a query with. From then on a live
 * pipeline gets a LATENCY message when it changes. Any thread. */
GstClockTime gst_convnext_stream_latency(GstConvnextStream *stream, gboolean is_live,
                                         GstConvnextMode mode);

/* After a LATENCY event: the pipeline uses what was answered last. Any thread. */
void gst_convnext_stream_latency_distributed(GstConvnextStream *stream);

/* The structure `convnext-stats`. The caller owns it. Any thread. */
GstStructure *gst_convnext_stream_stats(GstConvnextStream *stream);
