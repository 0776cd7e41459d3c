/* What came of a camera: counted by its streaming threads, read by anyone.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pipelines/common/labels.h"

#define WATCH_BUCKETS 14 /* of times: see watch_bucket_limits */

/* Upper ends of the histograms' buckets, seconds; what is above the last one is in none of them. */
extern const double watch_bucket_limits[WATCH_BUCKETS];

typedef struct WatchTimes {
    guint64 buckets[WATCH_BUCKETS]; /* not cumulative */
    guint64 count;
    double sum; /* seconds */
} WatchTimes;

typedef struct WatchCounts {
    GMutex lock;     /* of all that follows */
    guint64 frames;  /* decoded, whether classified or not */
    guint64 skipped; /* not decoded, being too late */
    guint64 results; /* each once, however many frames carry it */
    guint64 reconnects;
    gint64 last_frame, last_result; /* monotonic, microseconds; 0: none yet */
    GstClockTime lag; /* of the newest frame; GST_CLOCK_TIME_NONE: not known, or not live */
    GstConvnextResult *newest; /* the one that was counted last; NULL: none yet */
    WatchTimes preprocess, inference;
    Labels *labels;
} WatchCounts;

WatchCounts *watch_counts_new(void);
void watch_counts_free(WatchCounts *counts);

/* Counts the result on a buffer where it is a new one: in mode latest, and with an interval, most
 * buffers carry one that was counted before. */
void watch_counts_add_results(WatchCounts *counts, GstBuffer *buffer);
