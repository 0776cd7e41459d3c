/* A stream of frames: decides which run and in which thread, which results they carry, and which
 * messages are posted.
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
 *   (1) unless both models give the same classes. Tracks with a tracking id only lose their result.
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

/* element: for messages and logs; no reference is taken. */
GstConvnextStream *gst_convnext_stream_new(GstElement *element);
void gst_convnext_stream_free(GstConvnextStream *stream); /* NULL allowed */

/* Frames come only between start and stop. start resets the counters; stop frees everything as
 * large as a frame or a model. */
void gst_convnext_stream_start(GstConvnextStream *stream);
void gst_convnext_stream_stop(GstConvnextStream *stream);

/* Takes the input for the frames that follow new caps; NULL if none follow. */
void gst_convnext_stream_take_input(GstConvnextStream *stream, GstConvnextInput *input);

gboolean gst_convnext_stream_has_input(const GstConvnextStream *stream);

/* Takes the input of another model. keep_states: TRUE if both models give the same classes. Returns
 * the number of the next frame. */
guint64 gst_convnext_stream_change_model(GstConvnextStream *stream, GstConvnextInput *input,
                                         gboolean keep_states);

void gst_convnext_stream_set_segment(GstConvnextStream *stream, const GstSegment *segment);

/* Adds metadata to the frame, or starts a job for later frames. The orientation of settings must
 * not be AUTO. FALSE after an error, which has been posted. */
gboolean gst_convnext_stream_frame(GstConvnextStream *stream, GstBuffer *buffer,
                                   const GstConvnextFrameSettings *settings);

/* Waits until jobs under way have ended and posted their messages. */
void gst_convnext_stream_drain(GstConvnextStream *stream);

/* Discards jobs under way. Until flush or start, frames do not wait for the engine and pass without
 * a result. Any thread. */
void gst_convnext_stream_interrupt(GstConvnextStream *stream);

void gst_convnext_stream_flush(GstConvnextStream *stream);

/* Takes a QOS event; see gst_convnext_schedule_add_qos(). TRUE if skipping inference, as mode=sync
 * with qos does, may be enough to catch up. Any thread. */
gboolean gst_convnext_stream_add_qos(GstConvnextStream *stream, GstQOSType type,
                                     GstClockTime running_time, GstClockTimeDiff lateness);

/* The latency that the element adds to a pipeline, for the answer to a query. After this call, a
 * live pipeline gets a LATENCY message when the latency changes. Any thread. */
GstClockTime gst_convnext_stream_latency(GstConvnextStream *stream, gboolean is_live,
                                         GstConvnextMode mode);

/* Call it after a LATENCY event: the pipeline now uses the latency in the last answer. Any
 * thread. */
void gst_convnext_stream_latency_distributed(GstConvnextStream *stream);

/* The oldest change of a state since the last call, for the event GST_CONVNEXT_EVENT_CHANGE; NULL
 * if there is none. The caller owns it. */
GstStructure *gst_convnext_stream_take_change(GstConvnextStream *stream);

/* The number of results that were attached to frames since start. Any thread. */
guint64 gst_convnext_stream_attached(GstConvnextStream *stream);

/* The structure `convnext-stats`. The caller owns it. Any thread. */
GstStructure *gst_convnext_stream_stats(GstConvnextStream *stream);
