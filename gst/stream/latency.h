/* The latency that the element adds to a live pipeline, from measured times. It is 0 with
 * mode=latest, where no frame waits.
 *
 * Not locked: the owner holds one lock around all calls.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gst/stream/stats.h"

typedef struct GstConvnextLatency {
    gboolean is_live;       /* the pipeline, according to its last query; FALSE before one */
    guint64 first;          /* inferred frames before it do not count */
    GstClockTime estimate;  /* nanoseconds; 0 before the first sample */
    GstClockTime announced; /* what the pipeline uses */
    GstClockTime answered;  /* to the last query */
} GstConvnextLatency;

void gst_convnext_latency_reset(GstConvnextLatency *latency);

/* Later frames may take another time: the next sample makes a new estimate. */
void gst_convnext_latency_restart(GstConvnextLatency *latency, const GstConvnextStats *stats);

/* Makes a new estimate after stats got a sample, but not after each one: the time that 95 % of the
 * last 64 frames do not exceed, plus a tenth. */
void gst_convnext_latency_update(GstConvnextLatency *latency, const GstConvnextStats *stats);

/* The answer to a query. */
GstClockTime gst_convnext_latency_answer(GstConvnextLatency *latency, const GstConvnextStats *stats,
                                         gboolean is_live, GstConvnextMode mode);

/* The pipeline uses what was answered last. */
void gst_convnext_latency_distributed(GstConvnextLatency *latency);

/* TRUE if the latency is more than a quarter away from what was announced last; it counts as
 * announced then. */
gboolean gst_convnext_latency_moved(GstConvnextLatency *latency, GstConvnextMode mode);
