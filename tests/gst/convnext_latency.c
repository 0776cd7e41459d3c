/* The latency that the element adds, and the messages about its changes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>

#include "tests/gst/support/stage.h"

/* Checks whether the element has posted a latency message since the last call. */
static void expect_latency_message(gboolean is_posted)
{
    g_autoptr(GstBus) bus = gst_element_get_bus(h->element);
    g_autoptr(GstMessage) message = gst_bus_pop_filtered(bus, GST_MESSAGE_LATENCY);

    fail_unless_equals_int(message != NULL, is_posted);
}

/* With mode=sync the element adds the time of an inference to the latency, with mode=latest
 * nothing. Each change posts a message. */
GST_START_TEST(test_latency)
{
    gst_harness_set_upstream_latency(h, 7 * GST_MSECOND);
    fail_unless_equals_uint64(gst_harness_query_latency(h), 7 * GST_MSECOND);
    gst_buffer_unref(process(0));
    expect_latency_message(FALSE); /* the first frame's time is known once it is done */
    gst_buffer_unref(process(1));
    expect_latency_message(TRUE);
    GstClockTime latency = gst_harness_query_latency(h);
    fail_unless(latency > 7 * GST_MSECOND, "a frame takes no time");

    gst_util_set_object_arg(G_OBJECT(h->element), "mode", "latest");
    gst_buffer_unref(process(2));
    expect_latency_message(TRUE);
    fail_unless_equals_uint64(gst_harness_query_latency(h), 7 * GST_MSECOND);
    for (guint i = 3; i < 9; i++)
        gst_buffer_unref(process(i));
    expect_latency_message(FALSE);
}
GST_END_TEST;

/* A query alone does not replace the message, because its answer may not have been distributed.
 * Once a latency event has distributed it, no message is posted. */
GST_START_TEST(test_latency_query)
{
    gst_harness_query_latency(h);
    gst_buffer_unref(process(0));
    gst_harness_query_latency(h);
    gst_buffer_unref(process(1));
    expect_latency_message(TRUE);

    gst_util_set_object_arg(G_OBJECT(h->element), "mode", "latest");
    GstClockTime latency = gst_harness_query_latency(h);
    fail_unless(gst_harness_push_upstream_event(h, gst_event_new_latency(latency)));
    gst_buffer_unref(process(2));
    expect_latency_message(FALSE);
}
GST_END_TEST;

static gboolean answer_upstream(GstPad *pad, GstObject *parent, GstQuery *query)
{
    if (GST_QUERY_TYPE(query) != GST_QUERY_LATENCY)
        return gst_pad_query_default(pad, parent, query);
    gst_query_set_latency(query, TRUE, 10 * GST_MSECOND, 50 * GST_MSECOND);
    return TRUE;
}

/* Both of upstream's latencies grow by the element's. */
GST_START_TEST(test_latency_maximum)
{
    g_autoptr(GstPad) pad = gst_element_get_static_pad(h->element, "src");
    g_autoptr(GstQuery) query = gst_query_new_latency();
    GstClockTime min, max;
    gboolean is_live;

    gst_buffer_unref(process(0));
    gst_pad_set_query_function(h->srcpad, answer_upstream);
    fail_unless(gst_pad_query(pad, query));
    gst_query_parse_latency(query, &is_live, &min, &max);
    fail_unless(is_live);
    fail_unless(min > 10 * GST_MSECOND);
    fail_unless_equals_uint64(max - min, 40 * GST_MSECOND);
}
GST_END_TEST;

/* A pipeline that is not live has no latency, and gets no message. */
GST_START_TEST(test_latency_not_live)
{
    gst_harness_set_live(h, FALSE);
    fail_unless_equals_uint64(gst_harness_query_latency(h), 0);
    for (guint i = 0; i < 3; i++)
        gst_buffer_unref(process(i));
    expect_latency_message(FALSE);
    fail_unless_equals_uint64(gst_harness_query_latency(h), 0);
}
GST_END_TEST;

/* What frames take with mode=latest is not the latency of mode=sync: that is unknown until a frame
 * has waited. */
GST_START_TEST(test_latency_after_latest)
{
    gst_util_set_object_arg(G_OBJECT(h->element), "mode", "latest");
    fail_unless_equals_uint64(gst_harness_query_latency(h), 0);
    gst_buffer_unref(process(0));
    while (frames_counter(h->element, "inferred") == 0)
        g_usleep(1000);
    fail_unless_equals_uint64(gst_harness_query_latency(h), 0);

    gst_util_set_object_arg(G_OBJECT(h->element), "mode", "sync");
    fail_unless_equals_uint64(gst_harness_query_latency(h), 0);
    gst_buffer_unref(process(1));
    expect_latency_message(FALSE);
    gst_buffer_unref(process(2));
    expect_latency_message(TRUE);
    fail_unless(gst_harness_query_latency(h) > 0, "a frame takes no time");
}
GST_END_TEST;

static Suite *convnext_latency_suite(void)
{
    Suite *s = suite_create("convnext_latency");
    TCase *tc = tcase_create("latency");

    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, stage_setup, stage_teardown);
    tcase_add_test(tc, test_latency);
    tcase_add_test(tc, test_latency_query);
    tcase_add_test(tc, test_latency_maximum);
    tcase_add_test(tc, test_latency_not_live);
    tcase_add_test(tc, test_latency_after_latest);
    return s;
}

GST_CHECK_MAIN(convnext_latency);
