/* The text of the metrics: escaped names, ages in seconds, cumulative buckets.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/metrics.h"

#include <string.h>

#include "pipelines/watch/pipeline.h"

/* The parts of a camera that metrics read */

static char name[] = "the \"door\"\\\n";
static const WatchSettings settings = {.name = name};
static WatchCounts *counts;

const WatchSettings *watch_camera_settings(const WatchCamera *camera)
{
    return &settings;
}

WatchState watch_camera_state(const WatchCamera *camera)
{
    return WATCH_WAITING;
}

WatchCounts *watch_camera_counts(WatchCamera *camera)
{
    return counts;
}

static const char *stats = "convnext-stats,frames=(guint64)0";

GstStructure *watch_camera_stats(WatchCamera *camera)
{
    return gst_structure_from_string(stats, NULL);
}

const char *watch_state_name(WatchState state)
{
    return state == WATCH_WAITING ? "waiting" : "other";
}

guint watch_pipeline_left_behind(void)
{
    return 3;
}

#define STREAM "stream=\"the \\\"door\\\"\\\\\\n\""

/* The number after this beginning of a line. */
static double number_after(const char *text, const char *beginning)
{
    const char *found = strstr(text, beginning);

    if (!found)
        g_error("no '%s' in: %s", beginning, text);
    return g_ascii_strtod(found + strlen(beginning), NULL);
}

static char *metrics_text(void)
{
    g_autoptr(GPtrArray) cameras = g_ptr_array_new();

    g_ptr_array_add(cameras, NULL);
    return watch_metrics_text(cameras);
}

static void test_unknown(void)
{
    counts = watch_counts_new();
    g_autofree char *text = metrics_text();
    g_assert_cmpfloat(number_after(text, "\nconvnext_frames_total{" STREAM "} "), ==, 0);
    g_assert_cmpfloat(number_after(text, "\nconvnext_camera_frozen{" STREAM "} "), ==, 0);
    g_assert_null(strstr(text, "convnext_last_frame_age_seconds{"));
    g_assert_null(strstr(text, "convnext_last_result_age_seconds{"));
    g_assert_null(strstr(text, "convnext_frame_lag_seconds{"));
    g_assert_null(strstr(text, "convnext_engine_info{"));
    watch_counts_free(counts);
}

static void test_numbers(void)
{
    counts = watch_counts_new();
    stats = "convnext-stats,engine=(string)int8,cpu=(string)avx2";
    counts->is_frozen = TRUE;
    counts->frames = 7;
    counts->last_frame_time = g_get_monotonic_time() - 5 * G_USEC_PER_SEC;
    counts->last_result_time = g_get_monotonic_time() - 90 * G_USEC_PER_SEC;
    counts->lag = 250 * GST_MSECOND;
    counts->inference.buckets[0] = 1;
    counts->inference.buckets[3] = 2;
    counts->inference.count = 4;
    counts->inference.sum = 12.5;
    g_autofree char *text = metrics_text();
    const double frame_age = number_after(text, "\nconvnext_last_frame_age_seconds{" STREAM "} ");
    const double result_age = number_after(text, "\nconvnext_last_result_age_seconds{" STREAM "} ");

    g_assert_cmpfloat(number_after(text, "\nconvnext_frames_total{" STREAM "} "), ==, 7);
    g_assert_cmpfloat(number_after(text, "\nconvnext_camera_frozen{" STREAM "} "), ==, 1);
    g_assert_cmpfloat(frame_age, >=, 5);
    g_assert_cmpfloat(frame_age, <, 65);
    g_assert_cmpfloat(result_age, >=, 90);
    g_assert_cmpfloat(result_age, <, 150);
    g_assert_cmpfloat(number_after(text, "\nconvnext_frame_lag_seconds{" STREAM "} "), ==, 0.25);
    g_assert_cmpfloat(number_after(text, "\nconvnext_camera_state{" STREAM ",state=\"waiting\"} "),
                      ==, 1);
    g_assert_cmpfloat(
        number_after(text, "\nconvnext_engine_info{" STREAM ",precision=\"int8\",cpu=\"avx2\"} "),
        ==, 1);
#define HISTOGRAM "\nconvnext_inference_duration_seconds"
    g_assert_cmpfloat(number_after(text, HISTOGRAM "_bucket{" STREAM ",le=\"0.001\"} "), ==, 1);
    g_assert_cmpfloat(number_after(text, HISTOGRAM "_bucket{" STREAM ",le=\"0.005\"} "), ==, 1);
    g_assert_cmpfloat(number_after(text, HISTOGRAM "_bucket{" STREAM ",le=\"0.01\"} "), ==, 3);
    g_assert_cmpfloat(number_after(text, HISTOGRAM "_bucket{" STREAM ",le=\"10\"} "), ==, 3);
    g_assert_cmpfloat(number_after(text, HISTOGRAM "_bucket{" STREAM ",le=\"+Inf\"} "), ==, 4);
    g_assert_cmpfloat(number_after(text, HISTOGRAM "_count{" STREAM "} "), ==, 4);
    g_assert_cmpfloat(number_after(text, HISTOGRAM "_sum{" STREAM "} "), ==, 12.5);
    g_assert_cmpfloat(number_after(text, "\nconvnext_connections_left_behind "), ==, 3);
    watch_counts_free(counts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    gst_init(NULL, NULL);
    g_test_add_func("/metrics/unknown", test_unknown);
    g_test_add_func("/metrics/numbers", test_numbers);
    return g_test_run();
}
