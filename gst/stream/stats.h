/* Counters and timings of one element, for its property `stats` and for its latency.
 *
 * Not locked: the owner holds one lock around all calls.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include "gst/stream/schedule.h"

#define GST_CONVNEXT_STATS_WINDOW 512

typedef enum GstConvnextPhase {
    GST_CONVNEXT_PHASE_PREPROCESS, /* map, convert, crop, resize, normalise */
    GST_CONVNEXT_PHASE_INFERENCE,  /* the forward pass */
    GST_CONVNEXT_PHASE_TOTAL,      /* the element's whole work on a frame */
    GST_CONVNEXT_PHASES
} GstConvnextPhase;

typedef struct GstConvnextStats {
    guint64 frames;       /* received */
    guint64 inferred;     /* that the network ran on */
    guint64 replaced;     /* mode=latest: dropped for a newer one while the network was busy */
    guint64 skipped;      /* not run, for any reason */
    guint64 unchanged;    /* of the skipped: because they show no change */
    guint64 late_skipped; /* of the skipped: because downstream would get them late */
    guint64 late;         /* reported late by a sink, in QOS events */
    /* Times of the last inferred frames, nanoseconds. Sample i is at i % WINDOW. */
    GstClockTime samples[GST_CONVNEXT_PHASES][GST_CONVNEXT_STATS_WINDOW];
} GstConvnextStats;

void gst_convnext_stats_reset(GstConvnextStats *stats);

/* Counts an inferred frame. times: [GST_CONVNEXT_PHASES] nanoseconds. */
void gst_convnext_stats_add(GstConvnextStats *stats, const GstClockTime *times);

/* Counts a frame that does not run. */
void gst_convnext_stats_skip(GstConvnextStats *stats, GstConvnextDecision decision);

/* The time that `percent` of the last n samples of a phase do not exceed, in nanoseconds.
 * n: 1..MIN(inferred, GST_CONVNEXT_STATS_WINDOW). */
GstClockTime gst_convnext_stats_percentile(const GstConvnextStats *stats, GstConvnextPhase phase,
                                           guint n, guint percent);

/* A structure `convnext-stats`: the counters by name (guint64), and preprocess-p50, preprocess-p95,
 * inference-p50, inference-p95, total-p50, total-p95 (double, milliseconds, over the last
 * GST_CONVNEXT_STATS_WINDOW inferred frames; absent before the first). The caller owns it. */
GstStructure *gst_convnext_stats_to_structure(const GstConvnextStats *stats);
