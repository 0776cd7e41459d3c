/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/counts.h"

const double watch_bucket_limits[WATCH_BUCKETS] = {0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05,
                                                   0.1,   0.2,   0.5,   1,    2,    5,    10};

WatchCounts *watch_counts_new(void)
{
    WatchCounts *counts = g_new0(WatchCounts, 1);

    g_mutex_init(&counts->lock);
    counts->lag = GST_CLOCK_TIME_NONE;
    counts->labels = labels_new();
    return counts;
}

void watch_counts_free(WatchCounts *counts)
{
    g_clear_pointer(&counts->last_result, gst_convnext_result_unref);
    labels_free(counts->labels);
    g_mutex_clear(&counts->lock);
    g_free(counts);
}

static void add_time(WatchTimes *times, GstClockTime time)
{
    const double seconds = (double)time / GST_SECOND;

    if (!GST_CLOCK_TIME_IS_VALID(time))
        return;
    times->count++;
    times->sum += seconds;
    for (guint i = 0; i < WATCH_BUCKETS; i++) {
        if (seconds <= watch_bucket_limits[i]) {
            times->buckets[i]++;
            break;
        }
    }
}

void watch_counts_add_result(WatchCounts *counts, GstBuffer *buffer)
{
    GstConvnextMeta *meta = gst_buffer_get_convnext_meta(buffer);

    if (!meta)
        return;
    g_mutex_lock(&counts->lock);
    if (meta->result != counts->last_result) {
        g_clear_pointer(&counts->last_result, gst_convnext_result_unref);
        counts->last_result = gst_convnext_result_ref(meta->result);
        counts->results++;
        counts->last_result_time = g_get_monotonic_time();
        add_time(&counts->preprocess, gst_convnext_result_get_preprocess_time(meta->result));
        add_time(&counts->inference, gst_convnext_result_get_inference_time(meta->result));
        labels_add(counts->labels, meta->result);
    }
    g_mutex_unlock(&counts->lock);
}
