/* Late frames, and the latency that the element adds: what it makes of the first, and what the
 * pipeline is told about both.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>

#include "tests/gst/support/stage.h"

/* Pushes frames from, from + 1, ... looked: which of them are, as '1'. */
static void expect(guint from, const char *looked)
{
    for (guint i = 0; looked[i]; i++) {
        GstBuffer *out = through(from + i);

        fail_unless_equals_int(frames_meta(out)->age == 0, looked[i] == '1');
        gst_buffer_unref(out);
    }
}

static void report(GstQOSType type, guint frame, int late)
{
    gst_harness_push_upstream_event(h,
                                    gst_event_new_qos(type, 1.0, late * STEP * (gint64)GST_MSECOND,
                                                      frame * STEP * GST_MSECOND));
}

static void report_late(guint frame, int late)
{
    report(GST_QOS_TYPE_UNDERFLOW, frame, late);
}

/* Reports that elements upstream have had since the last call. */
static guint forwarded(void)
{
    guint n = 0;
    GstEvent *event;

    while ((event = gst_harness_try_pull_upstream_event(h))) {
        n += GST_EVENT_TYPE(event) == GST_EVENT_QOS;
        gst_event_unref(event);
    }
    return n;
}

/* Frame 0 came two frames late: 1 to 3 are passed on without being looked at. */
GST_START_TEST(test_late)
{
    expect(0, "1");
    report_late(0, 2);
    for (guint i = 1; i < 4; i++) {
        GstBuffer *out = through(i);

        fail_unless_equals_uint64(frames_meta(out)->age, i * STEP * GST_MSECOND);
        gst_buffer_unref(out);
    }
    expect(4, "111");
    fail_unless_equals_uint64(frames_counter(h, "late"), 1);
    fail_unless_equals_uint64(frames_counter(h, "late-skipped"), 3);
    fail_unless_equals_uint64(frames_counter(h, "skipped"), 3);
    fail_unless_equals_uint64(frames_counter(h, "frames"), 7);

    report_late(6, 3);
    report_late(7, -1); /* caught up */
    expect(8, "1");
    g_object_set(h->element, "qos", FALSE, NULL);
    report_late(8, 3);
    fail_unless_equals_int(forwarded(), 2); /* of those: what cannot be cured here */
    expect(9, "11");
    fail_unless_equals_uint64(frames_counter(h, "late-skipped"), 3);
}
GST_END_TEST;

/* Frames that are late without being looked at do not put off the next look, and when the time that
 * the last look has cost is made up for and they still are, elements upstream are told. */
GST_START_TEST(test_late_otherwise)
{
    for (guint i = 0; i < 12; i += 4) {
        expect(i, "1");
        report_late(i, 2);
        for (guint k = 1; k < 4; k++) {
            fail_unless_equals_int(forwarded(), 0);
            expect(i + k, "0");
            report_late(i + k, 2);
        }
        fail_unless_equals_int(forwarded(), 1);
    }
}
GST_END_TEST;

/* A sink that wants a frame in so many is not late, and the elements before this one may do so too.
 */
GST_START_TEST(test_throttle)
{
    expect(0, "1");
    report(GST_QOS_TYPE_THROTTLE, 0, 3);
    for (guint i = 1; i < 3; i++) {
        expect(i, "0");
        report(GST_QOS_TYPE_THROTTLE, i, 3);
    }
    expect(3, "1");
    fail_unless_equals_int(forwarded(), 3);
    fail_unless_equals_uint64(frames_counter(h, "late"), 0);
}
GST_END_TEST;

/* With mode=latest nothing that we do makes a frame late. */
GST_START_TEST(test_late_latest)
{
    gst_util_set_object_arg(G_OBJECT(h->element), "mode", "latest");
    gst_buffer_unref(through(0));
    report_late(0, 2);
    fail_unless_equals_int(forwarded(), 1);
    gst_buffer_unref(through(1));
    fail_unless_equals_uint64(frames_counter(h, "late-skipped"), 0);
    fail_unless_equals_uint64(frames_counter(h, "skipped"), 0);
}
GST_END_TEST;

static void expect_latency_message(gboolean wanted)
{
    GstBus *bus = gst_element_get_bus(h->element);
    GstMessage *message = gst_bus_pop_filtered(bus, GST_MESSAGE_LATENCY);

    fail_unless_equals_int(message != NULL, wanted);
    if (message)
        gst_message_unref(message);
    gst_object_unref(bus);
}

GST_START_TEST(test_latency)
{
    gst_harness_set_upstream_latency(h, 7 * GST_MSECOND);
    fail_unless_equals_uint64(gst_harness_query_latency(h), 7 * GST_MSECOND);
    gst_buffer_unref(through(0));
    expect_latency_message(FALSE); /* the first frame's time is known when it is done */
    gst_buffer_unref(through(1));
    expect_latency_message(TRUE);
    GstClockTime sync = gst_harness_query_latency(h);
    fail_unless(sync > 7 * GST_MSECOND, "a frame takes no time");

    gst_util_set_object_arg(G_OBJECT(h->element), "mode", "latest");
    gst_buffer_unref(through(2));
    expect_latency_message(TRUE);
    fail_unless_equals_uint64(gst_harness_query_latency(h), 7 * GST_MSECOND);
    for (guint i = 3; i < 9; i++)
        gst_buffer_unref(through(i));
    expect_latency_message(FALSE);
}
GST_END_TEST;

/* Somebody asks what it adds, and tells nobody: the pipeline is told all the same. Once the answer
 * has been distributed, there is nothing to tell. */
GST_START_TEST(test_latency_query)
{
    gst_harness_query_latency(h);
    gst_buffer_unref(through(0));
    gst_harness_query_latency(h);
    gst_buffer_unref(through(1));
    expect_latency_message(TRUE);

    gst_util_set_object_arg(G_OBJECT(h->element), "mode", "latest");
    GstClockTime latency = gst_harness_query_latency(h);
    fail_unless(gst_harness_push_upstream_event(h, gst_event_new_latency(latency)));
    gst_buffer_unref(through(2));
    expect_latency_message(FALSE);
}
GST_END_TEST;

/* A file's pipeline has no latency to add to, and nobody to tell. */
GST_START_TEST(test_latency_not_live)
{
    gst_harness_set_live(h, FALSE);
    fail_unless_equals_uint64(gst_harness_query_latency(h), 0);
    for (guint i = 0; i < 3; i++)
        gst_buffer_unref(through(i));
    expect_latency_message(FALSE);
    fail_unless_equals_uint64(gst_harness_query_latency(h), 0);
}
GST_END_TEST;

static Suite *late_suite(void)
{
    Suite *s = suite_create("convnext_late");
    TCase *tc = tcase_create("late");

    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, stage_setup, stage_teardown);
    tcase_add_test(tc, test_late);
    tcase_add_test(tc, test_late_otherwise);
    tcase_add_test(tc, test_throttle);
    tcase_add_test(tc, test_late_latest);
    tcase_add_test(tc, test_latency);
    tcase_add_test(tc, test_latency_query);
    tcase_add_test(tc, test_latency_not_live);
    return s;
}

GST_CHECK_MAIN(late);
