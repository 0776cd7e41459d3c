/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch_counts.h"

const double watch_bucket_limits[WATCH_BUCKETS] = {0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05,
                                                   0.1,   0.2,   0.5,   1,    2,    5,    10};

WatchCounts *watch_counts_new(void)
{
    WatchCounts *counts = g_new0(WatchCounts, 1);

    g_mutex_init(&counts->lock);
    counts->last_pts = GST_CLOCK_TIME_NONE;
    counts->labels = labels_new();
    return counts;
}

void watch_counts_free(WatchCounts *counts)
{
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

/* Results are told apart by the frame that they were computed on. */
static gboolean is_new(const WatchCounts *counts, const GstConvnextMeta *meta)
{
    const GstClockTime pts = gst_convnext_result_get_pts(meta->result);

    if (!GST_CLOCK_TIME_IS_VALID(pts))
        return meta->age == 0;
    return !GST_CLOCK_TIME_IS_VALID(counts->last_pts) || pts > counts->last_pts;
}

void watch_counts_add_results(WatchCounts *counts, GstBuffer *buffer)
{
    GstClockTime newest = GST_CLOCK_TIME_NONE;
    GstConvnextMeta *meta;
    gpointer state = NULL;

    g_mutex_lock(&counts->lock);
    while ((meta = gst_buffer_iterate_convnext_meta(buffer, &state))) {
        const GstClockTime pts = gst_convnext_result_get_pts(meta->result);

        if (!is_new(counts, meta))
            continue;
        counts->results++;
        counts->last_result = g_get_monotonic_time();
        add_time(&counts->preprocess, gst_convnext_result_get_preprocess_time(meta->result));
        add_time(&counts->inference, gst_convnext_result_get_inference_time(meta->result));
        labels_add(counts->labels, meta->result);
        if (GST_CLOCK_TIME_IS_VALID(pts) && (!GST_CLOCK_TIME_IS_VALID(newest) || pts > newest))
            newest = pts;
    }
    if (GST_CLOCK_TIME_IS_VALID(newest))
        counts->last_pts = newest;
    g_mutex_unlock(&counts->lock);
}
