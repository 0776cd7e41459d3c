/* When frames run, how long they take, and the latency that follows from it, without an element.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/stream/latency.h"

#include <gst/check/gstcheck.h>

static GstConvnextSchedule schedule;
static GstConvnextStats stats;
static GstConvnextLatency latency;
static GstConvnextFrameSettings settings;

static void setup(void)
{
    gst_convnext_schedule_reset(&schedule);
    gst_convnext_stats_reset(&stats);
    gst_convnext_latency_reset(&latency);
    settings = (GstConvnextFrameSettings){.interval = 1, .qos = TRUE};
}

/* Decides on a frame at this time, which is its running time too, and notes it if it runs. */
static GstConvnextDecision decide(GstClockTime time)
{
    const GstConvnextTimes times = {.pts = time, .stream_time = time, .running_time = time};
    GstConvnextDecision decision =
        gst_convnext_schedule_decide(&schedule, &times, FALSE, &settings);

    if (decision == GST_CONVNEXT_RUN)
        gst_convnext_schedule_note_run(&schedule, time, NULL);
    return decision;
}

#define RUN GST_CONVNEXT_RUN
#define NOT_DUE GST_CONVNEXT_NOT_DUE
#define LATE GST_CONVNEXT_LATE

GST_START_TEST(test_interval)
{
    static const GstConvnextDecision expected[] = {RUN,     NOT_DUE, NOT_DUE, RUN,
                                                   NOT_DUE, NOT_DUE, RUN};

    settings.interval = 3;
    for (guint i = 0; i < G_N_ELEMENTS(expected); i++)
        fail_unless_equals_int(decide(i), expected[i]);
}
GST_END_TEST;

/* A frame that is exactly a period away runs, in either direction. */
GST_START_TEST(test_period)
{
    settings.min_period = 100;
    fail_unless_equals_int(decide(1000), RUN);
    fail_unless_equals_int(decide(1099), NOT_DUE);
    fail_unless_equals_int(decide(1100), RUN);
    fail_unless_equals_int(decide(1001), NOT_DUE);
    fail_unless_equals_int(decide(1000), RUN);
    fail_unless_equals_int(decide(GST_CLOCK_TIME_NONE), RUN);
    fail_unless_equals_int(decide(1001), RUN);
}
GST_END_TEST;

static GstConvnextDecision compare(float brightness, GstClockTime time)
{
    CnxThumbnail thumbnail = {0};

    thumbnail.cell[3][5] = brightness;
    return gst_convnext_schedule_compare(&schedule, time, &thumbnail, &settings);
}

/* A change of exactly the threshold runs, and so does a scene that is exactly max-age old. */
GST_START_TEST(test_change)
{
    const CnxThumbnail dark = {0};

    settings.change_threshold = 0.25;
    settings.max_age = 1000;
    fail_unless_equals_int(compare(0, 0), RUN); /* nothing has run yet */
    gst_convnext_schedule_note_run(&schedule, 0, &dark);
    fail_unless_equals_int(compare(0, 1), GST_CONVNEXT_UNCHANGED);
    fail_unless_equals_int(compare(0.2499f, 1), GST_CONVNEXT_UNCHANGED);
    fail_unless_equals_int(compare(0.25f, 1), RUN);
    fail_unless_equals_int(compare(0, 999), GST_CONVNEXT_UNCHANGED);
    fail_unless_equals_int(compare(0, 1000), RUN);
    settings.max_age = 0;
    fail_unless_equals_int(compare(0, 1000), GST_CONVNEXT_UNCHANGED);
}
GST_END_TEST;

/* Frames skip for twice the lateness. An event about a skipped frame changes nothing; it helps
 * until one and a half times the lateness. */
GST_START_TEST(test_late)
{
    fail_unless(gst_convnext_schedule_add_qos(&schedule, GST_QOS_TYPE_UNDERFLOW, 1000, 100));
    fail_unless_equals_int(decide(1199), LATE);
    settings.qos = FALSE;
    fail_unless_equals_int(decide(1199), RUN);
    settings.qos = TRUE;
    settings.mode = GST_CONVNEXT_MODE_LATEST;
    fail_unless_equals_int(decide(1199), RUN);
    settings.mode = GST_CONVNEXT_MODE_SYNC;
    fail_unless(gst_convnext_schedule_add_qos(&schedule, GST_QOS_TYPE_UNDERFLOW, 1149, 500));
    fail_if(gst_convnext_schedule_add_qos(&schedule, GST_QOS_TYPE_UNDERFLOW, 1150, 500));
    fail_unless_equals_int(decide(1200), RUN);
    fail_if(gst_convnext_schedule_add_qos(&schedule, GST_QOS_TYPE_UNDERFLOW, 1300, 0));
    fail_unless_equals_int(decide(1199), RUN); /* no longer late */
}
GST_END_TEST;

/* Downstream needs no other frame within the time, not twice the time. */
GST_START_TEST(test_throttle)
{
    fail_if(gst_convnext_schedule_add_qos(&schedule, GST_QOS_TYPE_THROTTLE, 1000, 100));
    fail_unless_equals_int(decide(1099), LATE);
    fail_unless_equals_int(decide(1100), RUN);
}
GST_END_TEST;

/* Adds frames that take from, from + 1, ... to milliseconds. */
static void add_frames(guint from, guint to)
{
    for (guint ms = from; ms <= to; ms++) {
        const GstClockTime times[GST_CONVNEXT_PHASES] = {ms * GST_MSECOND / 4, ms * GST_MSECOND / 2,
                                                         ms * GST_MSECOND};

        gst_convnext_stats_add(&stats, times);
    }
}

static GstClockTime percentile(guint n, guint percent)
{
    return gst_convnext_stats_percentile(&stats, GST_CONVNEXT_PHASE_TOTAL, n, percent) /
           GST_MSECOND;
}

GST_START_TEST(test_percentiles)
{
    double p50, p95;

    add_frames(1, 1);
    fail_unless_equals_uint64(percentile(1, 50), 1);
    fail_unless_equals_uint64(percentile(1, 95), 1);
    add_frames(2, 20);
    fail_unless_equals_uint64(percentile(20, 50), 10);
    fail_unless_equals_uint64(percentile(20, 95), 19);
    fail_unless_equals_uint64(percentile(4, 50), 18); /* the last four */
    fail_unless_equals_uint64(percentile(20, 100), 20);
    add_frames(21, GST_CONVNEXT_STATS_WINDOW + 40); /* the oldest samples are overwritten */
    fail_unless_equals_uint64(percentile(GST_CONVNEXT_STATS_WINDOW, 50),
                              GST_CONVNEXT_STATS_WINDOW / 2 + 40);
    g_autoptr(GstStructure) s = gst_convnext_stats_to_structure(&stats);
    fail_unless(gst_structure_get(s, "preprocess-p50", G_TYPE_DOUBLE, &p50, "total-p95",
                                  G_TYPE_DOUBLE, &p95, NULL));
    fail_unless(ABS(p50 - (GST_CONVNEXT_STATS_WINDOW / 2 + 40) / 4.0) < 1e-6, "%g", p50);
    fail_unless(ABS(p95 - 527) < 1e-6, "%g", p95); /* 40 + 487, of 512 * 0.95 = 486.4 */
}
GST_END_TEST;

/* 95 % of the frames since the restart, of the last 64 at most, plus a tenth; only for live video
 * in mode=sync. */
GST_START_TEST(test_latency)
{
    const GstConvnextMode sync = GST_CONVNEXT_MODE_SYNC;

    add_frames(500, 600);
    gst_convnext_latency_restart(&latency, &stats);
    add_frames(100, 100);
    fail_unless_equals_uint64(gst_convnext_latency_answer(&latency, &stats, TRUE, sync),
                              110 * GST_MSECOND);
    add_frames(1, 100);
    fail_unless_equals_uint64(gst_convnext_latency_answer(&latency, &stats, TRUE, sync),
                              97 * GST_MSECOND * 11 / 10); /* of 37 to 100 */
    fail_unless_equals_uint64(gst_convnext_latency_answer(&latency, &stats, FALSE, sync), 0);
    fail_unless_equals_uint64(
        gst_convnext_latency_answer(&latency, &stats, TRUE, GST_CONVNEXT_MODE_LATEST), 0);
}
GST_END_TEST;

/* More than a quarter, in either direction. */
GST_START_TEST(test_moved)
{
    static const struct {
        GstClockTime estimate;
        gboolean moved;
    } steps[] = {{125, FALSE}, {75, FALSE}, {126, TRUE}, {126, FALSE}, {95, FALSE}, {94, TRUE}};

    latency.announced = 100;
    for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
        latency.estimate = steps[i].estimate;
        fail_unless_equals_int(gst_convnext_latency_moved(&latency, GST_CONVNEXT_MODE_SYNC),
                               steps[i].moved);
    }
}
GST_END_TEST;

static Suite *pace_suite(void)
{
    Suite *suite = suite_create("pace");
    TCase *tc = tcase_create("all");

    suite_add_tcase(suite, tc);
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, test_interval);
    tcase_add_test(tc, test_period);
    tcase_add_test(tc, test_change);
    tcase_add_test(tc, test_late);
    tcase_add_test(tc, test_throttle);
    tcase_add_test(tc, test_percentiles);
    tcase_add_test(tc, test_latency);
    tcase_add_test(tc, test_moved);
    return suite;
}
GST_CHECK_MAIN(pace);
