/* convnextpublish: which results get a line (emit), and the key `time`.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "gst/convnext/query.h"
#include "gst/publish/emission.h"
#include "gst/publish/gstconvnextpublish.h"
#include "tests/gst/support/publishing.h"

static gboolean answers_smoothing; /* whether a smoothing convnext is upstream */

/* A result of the model "m" with this best class, or without one if it is negative. */
static GstConvnextResult *make_best(int index)
{
    GstConvnextResult *result = make_result("m");

    if (index >= 0)
        gst_convnext_result_add_class(result, (guint)index, NULL, 0.5f);
    return result;
}

static GstConvnextResult *make_object(int id, int index)
{
    GstConvnextResult *result = make_best(index);

    gst_convnext_result_set_object(result, id, NULL);
    return result;
}

/* Pushes a frame that carries these results, which stay the caller's; NULL ends them. */
static void push_results(GstHarness *harness, GstConvnextResult *result, ...)
{
    GstBuffer *frame = make_frame(NULL);
    va_list args;

    va_start(args, result);
    for (; result; result = va_arg(args, GstConvnextResult *))
        gst_buffer_add_convnext_meta(frame, result, 0);
    va_end(args);
    push_frame(harness, frame);
}

static void push_best(GstHarness *harness, int index)
{
    push_frame(harness, make_frame(make_best(index)));
}

/* Expects a line for each of these numbers of frames, for example "0 3 3 ". */
static void check_frames(const char *expected)
{
    g_autofree char *text = read_lines();
    g_autoptr(GString) frames = g_string_new(NULL);

    for (const char *at = text; (at = strstr(at, "\"frame\":")); at++)
        g_string_append_printf(frames, "%d ", atoi(at + strlen("\"frame\":")));
    fail_unless_equals_string(frames->str, expected);
}

static guint count_files(void)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    guint n = 0;

    while (g_dir_read_name(dir))
        n++;
    return n;
}

/* A result has one line however many frames carry it, also after a frame without it; its files
 * follow. emit=frame writes it each time. */
GST_START_TEST(test_result)
{
    static const gsize dims[] = {2};
    static const float values[] = {1, 2};
    GstHarness *harness = make_harness(make_element("tensor-dir", folder, NULL));
    GstConvnextResult *a = make_best(1), *b = make_best(1);

    add_tensor(a, "stage3", 1, dims, values);
    push_results(harness, a, NULL);
    push_results(harness, a, NULL);
    push_results(harness, a, b, NULL);
    push_results(harness, NULL);
    push_results(harness, b, a, NULL);
    check_frames("0 2 ");
    fail_unless_equals_int(count_files(), 2);
    for (guint i = 0; i < 100; i++) /* each may have the address of the one before */
        push_best(harness, 1);
    g_autofree char *text = read_lines();
    fail_unless(strstr(text, "\"frame\":104,"), "%s", text);
    gst_harness_teardown(harness);

    harness = make_harness(make_element("emit", GST_CONVNEXT_EMIT_FRAME, NULL));
    push_results(harness, a, NULL);
    push_results(harness, a, b, NULL);
    push_results(harness, NULL);
    push_results(harness, b, NULL);
    check_frames("0 1 1 3 ");
    gst_harness_teardown(harness);
    gst_convnext_result_unref(a); /* after the elements that have seen it */
    gst_convnext_result_unref(b);
}
GST_END_TEST;

static GstHarness *make_changing(void)
{
    return make_harness(make_element("emit", GST_CONVNEXT_EMIT_CHANGE, NULL));
}

/* Without smoothing a line is written when the best class changes or none is left, and after a
 * flush. */
GST_START_TEST(test_change)
{
    static const int best[] = {1, 1, 2, 2, -1, -1, 1};
    g_autoptr(GstHarness) harness = make_changing();

    for (guint i = 0; i < G_N_ELEMENTS(best); i++)
        push_best(harness, best[i]);
    check_frames("0 2 4 6 ");
    push_best(harness, 1);
    gst_harness_push_event(harness, gst_event_new_flush_start());
    gst_harness_push_event(harness, gst_event_new_flush_stop(FALSE));
    gst_harness_push_event(harness, gst_event_new_segment(&(GstSegment){
                                        .format = GST_FORMAT_TIME, .rate = 1, .applied_rate = 1}));
    push_best(harness, 1);
    check_frames("0 2 4 6 8 ");
    g_autofree char *text = read_lines();
    fail_if(strstr(text, "state"), "%s", text);
}
GST_END_TEST;

/* Objects with an id have a state each. Of more than 512 the one unseen longest is forgotten. */
GST_START_TEST(test_objects)
{
    g_autoptr(GstHarness) harness = make_changing();

    push_frame(harness, make_frame(make_object(-1, 5)));
    for (guint i = 0; i < 2; i++) {
        push_frame(harness, make_frame(make_object(7, 1)));
        push_frame(harness, make_frame(make_object(8, 2)));
    }
    push_frame(harness, make_frame(make_object(7, 2)));
    check_frames("1 2 5 ");
    for (int i = 0; i < 511; i++)
        push_frame(harness, make_frame(make_object(100 + i, 0)));
    push_frame(harness, make_frame(make_object(7, 2))); /* frame 517 */
    push_frame(harness, make_frame(make_object(8, 2)));
    g_autofree char *text = read_lines();
    fail_if(strstr(text, "\"frame\":517,"), "%s", text);
    fail_unless(strstr(text, "\"frame\":518,"), "%s", text);
}
GST_END_TEST;

static gboolean answer(GstPad *pad, GstObject *parent, GstQuery *query)
{
    if (GST_QUERY_TYPE(query) != GST_QUERY_CUSTOM)
        return gst_pad_query_default(pad, parent, query);
    gst_structure_set(gst_query_writable_structure(query), GST_CONVNEXT_QUERY_ATTACHED,
                      G_TYPE_UINT64, (guint64)1, GST_CONVNEXT_QUERY_SMOOTHING, G_TYPE_BOOLEAN,
                      answers_smoothing, NULL);
    return TRUE;
}

static void push_change(GstHarness *harness, const char *label, int id)
{
    GstStructure *s = gst_structure_new(GST_CONVNEXT_EVENT_CHANGE, GST_CONVNEXT_CHANGE_MODEL,
                                        G_TYPE_STRING, "m", NULL);

    if (label)
        gst_structure_set(s, "new", G_TYPE_STRING, label, NULL);
    if (id >= 0)
        gst_structure_set(s, "object-id", G_TYPE_INT, id, NULL);
    gst_harness_push_event(harness, gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM, s));
}

/* With smoothing a line is written for each event of convnext, with the first result about the same
 * thing, and has the state. */
GST_START_TEST(test_smoothed)
{
    g_autoptr(GstHarness) harness = make_changing();

    gst_pad_set_query_function(harness->srcpad, answer);
    answers_smoothing = TRUE;
    push_best(harness, 1);
    push_change(harness, "fog", -1);
    push_frame(harness, make_frame(NULL));
    push_frame(harness, make_frame(make_object(3, 1)));
    push_best(harness, 1);
    push_best(harness, 2);
    push_change(harness, "car", 3);
    push_change(harness, NULL, -1);
    push_frame(harness, make_frame(make_object(3, 1)));
    push_best(harness, 1);
    check_frames("3 5 6 ");
    g_autofree char *text = read_lines();
    const char *fog = strstr(text, "\"state\":\"fog\""), *car = strstr(text, "\"state\":\"car\"");
    fail_unless(fog && car && fog < car && strstr(car, "\"state\":null"), "%s", text);

    answers_smoothing = FALSE;
    push_best(harness, 1);
    check_frames("3 5 6 7 ");
}
GST_END_TEST;

/* A frame with a reference timestamp of this type. */
static GstBuffer *make_stamped(const char *type, GstClockTime time)
{
    g_autoptr(GstCaps) reference = gst_caps_new_empty_simple(type);
    GstBuffer *frame = make_frame(make_best(1));

    gst_buffer_add_reference_timestamp_meta(frame, reference, time, GST_CLOCK_TIME_NONE);
    return frame;
}

static void check_time(const char *type, GstClockTime time, const char *expected)
{
    GstHarness *harness = make_harness(make_element(NULL));

    push_frame(harness, make_stamped(type, time));
    gst_harness_teardown(harness);
    g_autofree char *text = read_lines();
    g_autoptr(JsonNode) node = json_from_string(text, NULL);
    fail_unless_equals_string(
        json_object_get_string_member_with_default(json_node_get_object(node), "time", NULL),
        expected);
}

/* The time is that of the source's clock, whether it counts from 1970 or from 1900. */
GST_START_TEST(test_reference)
{
    const guint64 unix_time = 1700000000, ntp_time = unix_time + 2208988800;

    check_time("timestamp/x-unix", unix_time * GST_SECOND + 1500 * GST_USECOND + 999,
               "2023-11-14T22:13:20.001500Z");
    check_time("timestamp/x-ntp", ntp_time * GST_SECOND, "2023-11-14T22:13:20.000000Z");
    check_time("timestamp/x-ntp", 5 * GST_SECOND, NULL);
    check_time("timestamp/x-other", unix_time * GST_SECOND, NULL);
}
GST_END_TEST;

/* Without one, a live source's frames have the time at which they arrive. */
GST_START_TEST(test_live)
{
    g_autoptr(GstHarness) harness = make_harness(make_element(NULL));

    gst_harness_set_live(harness, TRUE);
    g_autoptr(GDateTime) before = g_date_time_new_now_utc();
    push_best(harness, 1);
    g_autoptr(GDateTime) after = g_date_time_new_now_utc();
    g_autofree char *text = read_lines();
    g_autoptr(JsonNode) node = json_from_string(text, NULL);
    g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(
        json_object_get_string_member_with_default(json_node_get_object(node), "time", ""), NULL);
    fail_unless(time && g_date_time_compare(before, time) <= 0 &&
                    g_date_time_compare(time, after) <= 0,
                "%s", text);
}
GST_END_TEST;

static Suite *publish_emit_suite(void)
{
    Suite *suite = suite_create("publish_emit");
    TCase *tc = tcase_create("publish_emit");

    GST_ELEMENT_REGISTER(convnextpublish, NULL);
    suite_add_tcase(suite, tc);
    tcase_add_checked_fixture(tc, folder_setup, folder_teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, test_result);
    tcase_add_test(tc, test_change);
    tcase_add_test(tc, test_objects);
    tcase_add_test(tc, test_smoothed);
    tcase_add_test(tc, test_reference);
    tcase_add_test(tc, test_live);
    return suite;
}

GST_CHECK_MAIN(publish_emit);
