/* Counts of a camera's frames and results. Its streaming threads count, any thread reads.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pipelines/common/labels.h"

#define WATCH_BUCKETS 14

/* Upper limits of the histogram buckets in seconds. Longer times are in no bucket. */
extern const double watch_bucket_limits[WATCH_BUCKETS];

typedef struct WatchTimes {
    guint64 buckets[WATCH_BUCKETS]; /* not cumulative */
    guint64 count;
    double sum; /* seconds */
} WatchTimes;

typedef struct WatchCounts {
    GMutex lock;     /* protects everything below */
    guint64 frames;  /* decoded, classified or not */
    guint64 dropped; /* too late, so not decoded */
    guint64 results; /* each counted once, however many frames carry it */
    guint64 reconnects;
    gboolean is_frozen;                       /* as last reported */
    gint64 last_frame_time, last_result_time; /* monotonic microseconds; 0 before the first */
    GstClockTime lag; /* of the newest frame; GST_CLOCK_TIME_NONE if unknown or not live */
    GstConvnextResult *last_result; /* counted last; NULL before the first */
    WatchTimes preprocess, inference;
    Labels *labels;
} WatchCounts;

WatchCounts *watch_counts_new(void);
void watch_counts_free(WatchCounts *counts);

/* Counts the result on a buffer if it is new: with mode=latest or an interval, most buffers carry
 * one that was counted before. */
void watch_counts_add_result(WatchCounts *counts, GstBuffer *buffer);
