/* The latency that the element adds to a live pipeline, from measured times. With mode=latest,
 * where no frame waits, it is 0.
 *
 * Not locked: the owner holds one lock around all calls.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gst/stream/stats.h"

typedef struct GstConvnextLatency {
    gboolean is_live;       /* as reported in the last query; FALSE before the first */
    guint64 first;          /* inferred frames before this one do not count */
    GstClockTime estimate;  /* nanoseconds; 0 before the first sample */
    GstClockTime announced; /* latency that the pipeline uses */
    GstClockTime answered;  /* latency in the answer to the last query */
} GstConvnextLatency;

void gst_convnext_latency_reset(GstConvnextLatency *latency);

/* Begins a new estimate with the next sample, because later frames may take a different time. */
void gst_convnext_latency_restart(GstConvnextLatency *latency, const GstConvnextStats *stats);

/* Call it after each new sample in stats; only some samples lead to a new estimate. An estimate is
 * the time that 95 % of the last 64 frames do not exceed, plus a tenth. */
void gst_convnext_latency_update(GstConvnextLatency *latency, const GstConvnextStats *stats);

/* The answer to a query. */
GstClockTime gst_convnext_latency_answer(GstConvnextLatency *latency, const GstConvnextStats *stats,
                                         gboolean is_live, GstConvnextMode mode);

/* The pipeline now uses the latency in the last answer. */
void gst_convnext_latency_distributed(GstConvnextLatency *latency);

/* TRUE if the latency differs by more than a quarter from the announced one; the new one then
 * counts as announced. */
gboolean gst_convnext_latency_moved(GstConvnextLatency *latency, GstConvnextMode mode);
