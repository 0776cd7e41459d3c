/* The counts of a camera's results: each result once, in the bucket of its time, under its label.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/counts.h"

static GstConvnextResult *new_result(const char *label, GstClockTime inference)
{
    GstConvnextResult *result = gst_convnext_result_new("model", 0);

    gst_convnext_result_set_times(result, GST_CLOCK_TIME_NONE, inference);
    gst_convnext_result_add_class(result, 7, label, 0.5f);
    return result;
}

/* Counts a result that `frames` frames carry. */
static void add_result(WatchCounts *counts, const char *label, GstClockTime inference, guint frames)
{
    g_autoptr(GstConvnextResult) result = new_result(label, inference);

    for (guint i = 0; i < frames; i++) {
        g_autoptr(GstBuffer) buffer = gst_buffer_new();

        gst_buffer_add_convnext_meta(buffer, result, 0);
        watch_counts_add_result(counts, buffer);
    }
}

/* A bucket includes its limit. */
static void test_buckets(void)
{
    WatchCounts *counts = watch_counts_new();

    add_result(counts, "cat", 5 * GST_MSECOND, 1);
    add_result(counts, "cat", 5 * GST_MSECOND + 1, 1);
    add_result(counts, "cat", 11 * GST_SECOND, 1);
    add_result(counts, "cat", GST_CLOCK_TIME_NONE, 1);
    g_assert_cmpfloat(watch_bucket_limits[2], ==, 0.005);
    g_assert_cmpuint(counts->inference.buckets[2], ==, 1);
    g_assert_cmpuint(counts->inference.buckets[3], ==, 1);
    g_assert_cmpuint(counts->inference.count, ==, 3);
    g_assert_cmpfloat_with_epsilon(counts->inference.sum, 11.01, 1e-6);
    g_assert_cmpuint(counts->preprocess.count, ==, 0);
    watch_counts_free(counts);
}

static void test_carried(void)
{
    WatchCounts *counts = watch_counts_new();
    g_autoptr(GstBuffer) bare = gst_buffer_new();

    add_result(counts, "cat", GST_MSECOND, 3);
    add_result(counts, "cat", GST_MSECOND, 1);
    watch_counts_add_result(counts, bare);
    g_assert_cmpuint(counts->results, ==, 2);
    g_assert_cmpuint(counts->inference.count, ==, 2);
    watch_counts_free(counts);
}

/* Most frequent first, ties by name. */
static void test_labels(void)
{
    static const LabelCount expected[] = {
        {(char *)"dog", 2}, {(char *)"cat", 1}, {(char *)"class 7", 1}};
    WatchCounts *counts = watch_counts_new();

    add_result(counts, NULL, GST_MSECOND, 1);
    add_result(counts, "dog", GST_MSECOND, 1);
    add_result(counts, "cat", GST_MSECOND, 1);
    add_result(counts, "dog", GST_MSECOND, 1);
    g_autoptr(GArray) sorted = labels_sorted(counts->labels);
    g_assert_cmpuint(sorted->len, ==, G_N_ELEMENTS(expected));
    for (guint i = 0; i < sorted->len; i++) {
        const LabelCount *entry = &g_array_index(sorted, LabelCount, i);

        g_assert_cmpstr(entry->label, ==, expected[i].label);
        g_assert_cmpuint(entry->count, ==, expected[i].count);
    }
    watch_counts_free(counts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    gst_init(NULL, NULL);
    g_test_add_func("/counts/buckets", test_buckets);
    g_test_add_func("/counts/carried", test_carried);
    g_test_add_func("/counts/labels", test_labels);
    return g_test_run();
}
