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

static gboolean has_baseline;

gboolean watch_camera_baseline(WatchCamera *camera, WatchVerdict *verdict)
{
    *verdict = (WatchVerdict){.is_known = TRUE, .progress = 1, .ratio = 0.25};
    return has_baseline;
}

static WatchAlarm *alarm_of_door;

const WatchAlarm *watch_alarms_find(WatchAlarms *alarms, WatchCamera *camera)
{
    return alarm_of_door;
}

static void on_event(WatchEvent *event, gpointer data)
{
    watch_event_unref(event);
}

/* An alarm that has shown "dark" for 90 s, which is a problem. */
static WatchAlarm *new_alarm(void)
{
    static const char *const normal[] = {"normal", NULL}, *const none[] = {NULL};
    g_autoptr(GArray) quiet = g_array_new(FALSE, FALSE, 1);
    const WatchAlarmRules rules = {
        .camera = "door", .normal = normal, .ignored = none, .quiet = quiet};
    const WatchMoment now = {g_get_monotonic_time(), g_get_real_time()};
    const WatchMoment since = {now.monotonic - 90 * G_USEC_PER_SEC, now.real - 90 * G_USEC_PER_SEC};
    WatchAlarm *alarm = watch_alarm_new(on_event, NULL, since);

    watch_alarm_set_online(alarm, &rules, since);
    watch_alarm_set_label(alarm, &rules, "da\"rk", 0.5, since, now);
    watch_alarm_tick(alarm, &rules, now);
    return alarm;
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
    return watch_metrics_text(cameras, NULL);
}

static void test_unknown(void)
{
    const WatchMoment now = {0, 0};

    alarm_of_door = watch_alarm_new(on_event, NULL, now);
    counts = watch_counts_new();
    g_autofree char *text = metrics_text();
    g_assert_cmpfloat(number_after(text, "\nconvnext_frames_total{" STREAM "} "), ==, 0);
    g_assert_cmpfloat(number_after(text, "\nconvnext_camera_frozen{" STREAM "} "), ==, 0);
    g_assert_null(strstr(text, "convnext_last_frame_age_seconds{"));
    g_assert_null(strstr(text, "convnext_last_result_age_seconds{"));
    g_assert_null(strstr(text, "convnext_frame_lag_seconds{"));
    g_assert_null(strstr(text, "convnext_engine_info{"));
    g_assert_null(strstr(text, "convnext_baseline_progress{"));
    g_assert_null(strstr(text, "convnext_baseline_distance{"));
    g_assert_cmpfloat(number_after(text, "\nconvnext_camera_moved{" STREAM "} "), ==, 0);
    g_assert_cmpfloat(number_after(text, "\nconvnext_camera_online{" STREAM "} "), ==, 0);
    g_assert_cmpfloat(number_after(text, "\nconvnext_problem{" STREAM "} "), ==, 0);
    g_assert_null(strstr(text, "convnext_label{"));
    g_assert_null(strstr(text, "convnext_label_since_seconds{"));
    watch_alarm_free(alarm_of_door);
    watch_counts_free(counts);
}

static void test_numbers(void)
{
    alarm_of_door = new_alarm();
    counts = watch_counts_new();
    stats = "convnext-stats,engine=(string)int8,cpu=(string)avx2";
    has_baseline = TRUE;
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
    g_assert_cmpfloat(number_after(text, "\nconvnext_baseline_progress{" STREAM "} "), ==, 1);
    g_assert_cmpfloat(number_after(text, "\nconvnext_baseline_distance{" STREAM "} "), ==, 0.25);
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
    watch_alarm_free(alarm_of_door);
    watch_counts_free(counts);
}

static void test_alarm(void)
{
    counts = watch_counts_new();
    alarm_of_door = new_alarm();
    g_autofree char *text = metrics_text();
    g_assert_cmpfloat(number_after(text, "\nconvnext_camera_online{" STREAM "} "), ==, 1);
    g_assert_cmpfloat(number_after(text, "\nconvnext_problem{" STREAM "} "), ==, 1);
    g_assert_cmpfloat(number_after(text, "\nconvnext_label{" STREAM ",label=\"da\\\"rk\"} "), ==,
                      1);
    const double since = number_after(text, "\nconvnext_label_since_seconds{" STREAM "} ");
    g_assert_cmpfloat(since, >=, 90);
    g_assert_cmpfloat(since, <, 600);
    g_assert_nonnull(strstr(text, "\nconvnext_build_info{version=\"1.2.3\",gstreamer=\"1."));
    const double start = number_after(text, "\nprocess_start_time_seconds ");
    const double now = (double)g_get_real_time() / G_USEC_PER_SEC;
    g_assert_cmpfloat(start, >, now - 86400);
    g_assert_cmpfloat(start, <, now + 3600); /* the clocks may differ */
    g_assert_cmpfloat(number_after(text, "\nprocess_cpu_seconds_total "), >, 0);
    const double resident = number_after(text, "\nprocess_resident_memory_bytes ");
    g_assert_cmpfloat(resident, >, 1e5);
    g_assert_cmpfloat(resident, <=, number_after(text, "\nprocess_virtual_memory_bytes "));
    g_assert_cmpfloat(number_after(text, "\nprocess_open_fds "), >=, 3);
    watch_alarm_free(alarm_of_door);
    watch_counts_free(counts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    gst_init(NULL, NULL);
    g_test_add_func("/metrics/unknown", test_unknown);
    g_test_add_func("/metrics/numbers", test_numbers);
    g_test_add_func("/metrics/alarm", test_alarm);
    return g_test_run();
}
