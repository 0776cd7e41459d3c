/* What an element adds to a live pipeline's latency, by measurement.
 *
 * Not locked: its owner holds one lock around all of these.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#define GST_CONVNEXT_LATENCY_WINDOW 64

typedef struct GstConvnextLatency {
    GstClockTime samples[GST_CONVNEXT_LATENCY_WINDOW]; /* sample i is at i % WINDOW */
    guint64 n;                                         /* samples so far */
    GstClockTime estimate;                             /* nanoseconds; 0 before the first sample */
    GstClockTime announced;                            /* what the pipeline was told last */
    GstClockTime answered;                             /* to the last query, by whomever */
} GstConvnextLatency;

void gst_convnext_latency_reset(GstConvnextLatency *latency);

/* The frames that follow may take another time: the next sample makes a new estimate. */
void gst_convnext_latency_restart(GstConvnextLatency *latency);

/* Adds the time that a frame took. The estimate is what 95 % of the last frames stayed below, and a
 * tenth more. */
void gst_convnext_latency_add(GstConvnextLatency *latency, GstClockTime took);

/* The pipeline has been told what was answered last. */
void gst_convnext_latency_distributed(GstConvnextLatency *latency);

/* What to announce is now `now`: the estimate, or 0 for an element that does not wait. TRUE when it
 * is more than a quarter away from what was announced last; it counts as announced then. */
gboolean gst_convnext_latency_moved(GstConvnextLatency *latency, GstClockTime now);
