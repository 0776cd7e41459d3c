/* What the element does with the frames of a stream: which are looked at, in which thread, which
 * results they carry, and what is said about it on the bus.
 *
 *   frame --> due? --> prepare --> mode=sync:   infer, attach
 *              |                   mode=latest: hand to the worker; attach its newest results
 *              +---- no: attach the last results
 *
 * Functions are for the thread that has the streaming lock, but those marked "any thread". A flow
 * has its own lock, below the element's object lock.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

#include "gst/input/input.h"
#include "gst/settings/settings.h"

typedef struct GstConvnextStream GstConvnextStream;

/* element: for messages and logs; not held. */
GstConvnextStream *gst_convnext_stream_new(GstElement *element);
void gst_convnext_stream_free(GstConvnextStream *flow); /* NULL allowed */

/* A stream begins, and ends: between them there may be frames. start sets the counters to 0; stop
 * gives back everything that is as large as a frame or a model. */
void gst_convnext_stream_start(GstConvnextStream *flow);
void gst_convnext_stream_stop(GstConvnextStream *flow);

/* The frames that follow are made into inputs by this input, which is taken, and are run by its
 * engine; NULL: none follow. Nothing is carried over. */
void gst_convnext_stream_take_input(GstConvnextStream *flow, GstConvnextInput *input);

/* Whether frames may follow. */
gboolean gst_convnext_stream_has_input(const GstConvnextStream *flow);

/* The same, with another engine: nothing is heard of the older one's results any more. keep_states:
 * what they have made the states of is as true of the new one's. Returns the number of the next
 * frame. */
guint64 gst_convnext_stream_change_model(GstConvnextStream *flow, GstConvnextInput *input,
                                         gboolean keep_states);

void gst_convnext_stream_set_segment(GstConvnextStream *flow, const GstSegment *segment);

/* Adds metadata to the frame, or starts what later frames will carry. FALSE after an error, which
 * has been posted. settings: what is set now; model and labels are not read. */
gboolean gst_convnext_stream_frame(GstConvnextStream *flow, GstBuffer *buffer,
                                   const GstConvnextSettings *settings);

/* Waits for results that are under way, and posts their messages. */
void gst_convnext_stream_drain(GstConvnextStream *flow);

/* What is under way is not heard of any more, and nobody waits for it or for a turn at the engine:
 * until flush or start, those that come go on without a result. Any thread. */
void gst_convnext_stream_interrupt(GstConvnextStream *flow);

/* After a flush: discards, and forgets segment and results. */
void gst_convnext_stream_flush(GstConvnextStream *flow);

/* Of a QOS event: a frame of running time `when` came `late` nanoseconds after its time, or the
 * sink wants no more until then. TRUE when with mode=sync and qos the frames that are not looked at
 * now may be enough to catch up. Any thread. */
gboolean gst_convnext_stream_qos(GstConvnextStream *flow, GstQOSType type, GstClockTime when,
                                 GstClockTimeDiff late);

/* What the element adds to the latency of a pipeline that is live or not, to answer a query with.
 * From then on a live pipeline gets a LATENCY message when it moves. Any thread. */
GstClockTime gst_convnext_stream_latency(GstConvnextStream *flow, gboolean live,
                                         GstConvnextMode mode);

/* Of a LATENCY event: the pipeline goes by what was answered last. Any thread. */
void gst_convnext_stream_latency_distributed(GstConvnextStream *flow);

/* A structure `convnext-stats`. The caller owns it. Any thread. */
GstStructure *gst_convnext_stream_stats(GstConvnextStream *flow);
