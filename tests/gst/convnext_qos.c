/* QoS events of late frames: how the element catches up, and which events it forwards upstream.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>

#include "tests/gst/support/stage.h"

/* Processes frames from, from + 1, ... The pattern has one character for each: '1' if it is
 * inferred, '0' if it carries an older result. */
static void expect_inferences(guint from, const char *pattern)
{
    for (guint i = 0; pattern[i]; i++)
        fail_unless_equals_int(frames_age(process(from + i)) == 0, pattern[i] == '1');
}

/* Sends the QoS event of a frame that is some frames late. */
static void send_qos(GstQOSType type, guint frame, int lateness)
{
    gst_harness_push_upstream_event(h, gst_event_new_qos(type, 1.0,
                                                         lateness * STEP * (gint64)GST_MSECOND,
                                                         frame * STEP * GST_MSECOND));
}

static void send_late(guint frame, int lateness)
{
    send_qos(GST_QOS_TYPE_UNDERFLOW, frame, lateness);
}

/* The number of QoS events that reached upstream since the last call. */
static guint count_forwarded(void)
{
    guint n = 0;

    while (TRUE) {
        g_autoptr(GstEvent) event = gst_harness_try_pull_upstream_event(h);

        if (!event)
            return n;
        n += GST_EVENT_TYPE(event) == GST_EVENT_QOS;
    }
}

/* Frame 0 is two frames late, so frames 1 to 3 are not inferred. With qos=false every frame is. */
GST_START_TEST(test_late)
{
    expect_inferences(0, "1");
    send_late(0, 2);
    for (guint i = 1; i < 4; i++)
        fail_unless_equals_uint64(frames_age(process(i)), i * STEP * GST_MSECOND);
    expect_inferences(4, "111");
    fail_unless_equals_uint64(frames_counter(h->element, "late"), 1);
    fail_unless_equals_uint64(frames_counter(h->element, "late-skipped"), 3);
    fail_unless_equals_uint64(frames_counter(h->element, "skipped"), 3);
    fail_unless_equals_uint64(frames_counter(h->element, "frames"), 7);

    send_late(6, 3);
    send_late(7, -1); /* caught up */
    expect_inferences(8, "1");
    g_object_set(h->element, "qos", FALSE, NULL);
    send_late(8, 3);
    fail_unless_equals_int(count_forwarded(), 2); /* those that skipping cannot handle */
    expect_inferences(9, "11");
    fail_unless_equals_uint64(frames_counter(h->element, "late-skipped"), 3);
}
GST_END_TEST;

/* Late frames that were not inferred do not postpone the next inference. If frames are still late
 * once the time of the last inference has been made up, the event is forwarded. */
GST_START_TEST(test_late_for_another_reason)
{
    for (guint i = 0; i < 12; i += 4) {
        expect_inferences(i, "1");
        send_late(i, 2);
        for (guint k = 1; k < 4; k++) {
            fail_unless_equals_int(count_forwarded(), 0);
            expect_inferences(i + k, "0");
            send_late(i + k, 2);
        }
        fail_unless_equals_int(count_forwarded(), 1);
    }
}
GST_END_TEST;

/* A sink that throttles is not late: frames are skipped, and every event is forwarded so that
 * upstream can skip as well. */
GST_START_TEST(test_throttle)
{
    expect_inferences(0, "1");
    send_qos(GST_QOS_TYPE_THROTTLE, 0, 3);
    for (guint i = 1; i < 3; i++) {
        expect_inferences(i, "0");
        send_qos(GST_QOS_TYPE_THROTTLE, i, 3);
    }
    expect_inferences(3, "1");
    fail_unless_equals_int(count_forwarded(), 3);
    fail_unless_equals_uint64(frames_counter(h->element, "late"), 0);
}
GST_END_TEST;

/* With mode=latest the element never makes a frame late: it forwards events and skips nothing. */
GST_START_TEST(test_late_with_latest)
{
    gst_util_set_object_arg(G_OBJECT(h->element), "mode", "latest");
    gst_buffer_unref(process(0));
    send_late(0, 2);
    fail_unless_equals_int(count_forwarded(), 1);
    gst_buffer_unref(process(1));
    fail_unless_equals_uint64(frames_counter(h->element, "late-skipped"), 0);
    fail_unless_equals_uint64(frames_counter(h->element, "skipped"), 0);
}
GST_END_TEST;

static Suite *convnext_qos_suite(void)
{
    Suite *s = suite_create("convnext_qos");
    TCase *tc = tcase_create("qos");

    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, stage_setup, stage_teardown);
    tcase_add_test(tc, test_late);
    tcase_add_test(tc, test_late_for_another_reason);
    tcase_add_test(tc, test_throttle);
    tcase_add_test(tc, test_late_with_latest);
    return s;
}

GST_CHECK_MAIN(convnext_qos);
