/* Counters and times of one element, for its property `stats`.
 *
 * Not locked: its owner holds one lock around all of these.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#define GST_CONVNEXT_STATS_WINDOW 512

typedef enum GstConvnextPhase {
    GST_CONVNEXT_PHASE_PREPROCESS, /* map, convert, crop, resize, normalise */
    GST_CONVNEXT_PHASE_INFERENCE,  /* the forward pass */
    GST_CONVNEXT_PHASE_TOTAL,      /* the whole of the element's work on a frame */
    GST_CONVNEXT_PHASES
} GstConvnextPhase;

typedef struct GstConvnextStats {
    guint64 frames;       /* that came in */
    guint64 inferred;     /* that the network has run on */
    guint64 replaced;     /* that mode=latest dropped for a newer one while the network was busy */
    guint64 skipped;      /* that were not looked at, for any reason */
    guint64 unchanged;    /* of them: because they showed nothing new */
    guint64 late_skipped; /* of them: because downstream would have got them too late */
    guint64 late;         /* that a sink reported late, by QOS events */
    /* Nanoseconds of the last inferred frames, a ring: sample i of inferred is at i % WINDOW. */
    GstClockTime samples[GST_CONVNEXT_PHASES][GST_CONVNEXT_STATS_WINDOW];
} GstConvnextStats;

void gst_convnext_stats_reset(GstConvnextStats *stats);

/* Counts an inferred frame. times: [GST_CONVNEXT_PHASES] nanoseconds. */
void gst_convnext_stats_add(GstConvnextStats *stats, const GstClockTime *times);

/* A structure `convnext-stats`: the counters by name (guint64), and preprocess-p50,
 * preprocess-p95, inference-p50, inference-p95, total-p50, total-p95 (double, milliseconds, of the
 * last GST_CONVNEXT_STATS_WINDOW inferred frames; absent before the first). The caller owns it. */
GstStructure *gst_convnext_stats_to_structure(const GstConvnextStats *stats);
