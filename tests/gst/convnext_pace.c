/* mode=sync: which frames are looked at, what the others carry, and what the pipeline is told about
 * the time that it takes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "tests/gst/boxes.h"
#include "tests/gst/frames.h"
#include "tests/gst/gate.h"
#include "tests/gst/network.h"

#define CAPS "video/x-raw,format=I420,width=160,height=120,framerate=25/1"
#define STEP 40 /* milliseconds between frames */

static char *network;
static GstHarness *h;
static Gate *gate;
static guint last; /* frame that was looked at */

static void setup(void)
{
    network = network_new();
    h = frames_harness(network, CAPS);
    gate = gate_new(h->element);
}

static void teardown(void)
{
    gate_free(gate);
    gst_harness_teardown(h);
    network_delete(network);
}

static GstBuffer *through(guint i)
{
    return frames_through(h, frames_new(CAPS, FRAME_COLOURS, STEP * i));
}

/* Pushes frames from..to-1. looked: which of them are, as '1'; all others carry the last result. */
static void expect(guint from, const char *looked)
{
    for (guint i = from; looked[i - from]; i++) {
        GstBuffer *out = through(i);
        if (looked[i - from] == '1')
            last = i;
        GstConvnextMeta *meta = frames_meta(out);
        fail_unless_equals_uint64(gst_convnext_result_get_pts(meta->result),
                                  last * STEP * GST_MSECOND);
        fail_unless_equals_uint64(meta->age, (i - last) * STEP * GST_MSECOND);
        gst_buffer_unref(out);
    }
}

GST_START_TEST(test_min_period)
{
    g_object_set(h->element, "min-period", 100 * GST_MSECOND, NULL);
    expect(0, "1001001");
    g_object_set(h->element, "min-period", 2 * STEP * GST_MSECOND, NULL);
    expect(8, "101010");
    fail_unless_equals_uint64(frames_counter(h, "skipped"), 7);
}
GST_END_TEST;

/* The later of the two counts. */
GST_START_TEST(test_min_period_and_interval)
{
    g_object_set(h->element, "min-period", 2 * STEP * GST_MSECOND, "interval", 3, NULL);
    expect(0, "1001001");
    g_object_set(h->element, "min-period", 4 * STEP * GST_MSECOND, NULL);
    expect(7, "0001000100");
}
GST_END_TEST;

static void play_backwards(GstHarness *harness)
{
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    segment.rate = -1;
    segment.stop = 10 * STEP * GST_MSECOND;
    fail_unless(gst_harness_push_event(harness, gst_event_new_segment(&segment)));
}

/* Played backwards, timestamps fall, and time passes all the same. */
GST_START_TEST(test_backwards)
{
    g_object_set(h->element, "min-period", 3 * STEP * GST_MSECOND, NULL);
    play_backwards(h);
    for (guint i = 0; i < 9; i++) {
        GstBuffer *out = through(9 - i);
        fail_unless_equals_uint64(frames_meta(out)->age, i % 3 * STEP * GST_MSECOND);
        gst_buffer_unref(out);
    }
    fail_unless_equals_uint64(frames_counter(h, "skipped"), 6);
}
GST_END_TEST;

GST_START_TEST(test_backwards_unchanged)
{
    g_object_set(h->element, "change-threshold", 0.02, "max-age", 3 * STEP * GST_MSECOND, NULL);
    play_backwards(h);
    for (guint i = 0; i < 9; i++)
        gst_buffer_unref(through(9 - i));
    fail_unless_equals_uint64(frames_counter(h, "unchanged"), 6);
}
GST_END_TEST;

GST_START_TEST(test_backwards_objects)
{
    static const Box box = {"cat", 10, 20, 60, 50, 1};
    GstHarness *objects = boxes_harness(network, CAPS);
    g_object_set(objects->element, "reclassify-interval", 0, NULL);
    play_backwards(objects);
    for (guint i = 0; i < 3; i++) {
        GstBuffer *out =
            boxes_through(objects, frames_new(CAPS, FRAME_COLOURS, STEP * (9 - i)), &box, 1);
        boxes_check(frames_meta(out), 10, 20, 60, 50, STEP * i);
        gst_buffer_unref(out);
    }
    gst_harness_teardown(objects);
}
GST_END_TEST;

GST_START_TEST(test_no_carry)
{
    g_object_set(h->element, "interval", 3, "carry", FALSE, NULL);
    for (guint i = 0; i < 7; i++) {
        GstBuffer *out = through(i);
        fail_unless_equals_int(gst_buffer_get_convnext_meta(out) != NULL, i % 3 == 0);
        gst_buffer_unref(out);
    }
}
GST_END_TEST;

/* A frame was lost before: for live video no reason to look more often. */
GST_START_TEST(test_discont)
{
    g_object_set(h->element, "interval", 3, NULL);
    gst_buffer_unref(through(0));
    GstBuffer *frame = frames_new(CAPS, FRAME_COLOURS, 2 * STEP);
    GST_BUFFER_FLAG_SET(frame, GST_BUFFER_FLAG_DISCONT);
    GstBuffer *out = frames_through(h, frame);
    fail_unless_equals_uint64(frames_meta(out)->age, 2 * STEP * GST_MSECOND);
    gst_buffer_unref(out);
}
GST_END_TEST;

/* A frame of one gray, with a square of another brightness on it. */
static GstBuffer *static_scene(const char *caps, guint i, gboolean square)
{
    GstVideoInfo info;
    GstVideoFrame frame;
    GstCaps *parsed = gst_caps_from_string(caps);
    fail_unless(gst_video_info_from_caps(&info, parsed));
    gst_caps_unref(parsed);
    GstBuffer *buffer = frames_new(caps, FRAME_GRAYS, STEP * i);
    fail_unless(gst_video_frame_map(&frame, &info, buffer, GST_MAP_READWRITE));
    if (square) {
        guint8 *plane = GST_VIDEO_FRAME_PLANE_DATA(&frame, 0);
        gint stride = GST_VIDEO_FRAME_PLANE_STRIDE(&frame, 0), size = stride / info.width;
        for (gint y = 60; y < 76; y++)
            memset(plane + y * stride + 40 * size, 255, 16 * size);
    }
    gst_video_frame_unmap(&frame);
    return buffer;
}

/* scenes: '.' the static scene, '#' with the square; looked: as above. */
static void expect_scenes(const char *caps, const char *scenes, const char *looked)
{
    for (guint i = 0; scenes[i]; i++) {
        GstBuffer *out = frames_through(h, static_scene(caps, i, scenes[i] == '#'));
        if (looked[i] == '1')
            last = i;
        fail_unless_equals_uint64(gst_convnext_result_get_pts(frames_result(out)),
                                  last * STEP * GST_MSECOND);
        gst_buffer_unref(out);
    }
}

/* Formats that are read as they are, packed ones, and one that is converted. */
static const char *const formats[] = {"I420", "NV12", "YUY2", "BGRx", "RGB", "GRAY8", "I420_10LE"};

GST_START_TEST(test_unchanged)
{
    char *caps = g_strdup_printf("video/x-raw,format=%s,width=160,height=120,framerate=25/1",
                                 formats[__i__]);
    g_object_set(h->element, "change-threshold", 0.02, NULL);
    gst_harness_set_src_caps_str(h, caps);
    expect_scenes(caps, "...##..#", "10010101");
    fail_unless_equals_uint64(frames_counter(h, "unchanged"), 4);
    fail_unless_equals_uint64(frames_counter(h, "skipped"), 4);
    g_free(caps);
}
GST_END_TEST;

GST_START_TEST(test_max_age)
{
    g_object_set(h->element, "change-threshold", 0.02, "max-age", 3 * STEP * GST_MSECOND, NULL);
    expect_scenes(CAPS, "......#....", "10010011001");
    g_object_set(h->element, "change-threshold", 0.0, NULL);
    expect(11, "111");
}
GST_END_TEST;

static guint count_classes(guint i)
{
    guint n;
    GstBuffer *out = through(i);
    gst_convnext_result_get_classes(frames_result(out), &n);
    gst_buffer_unref(out);
    return n;
}

/* A scene that is never looked at again, but for other scores. */
GST_START_TEST(test_unchanged_scoring)
{
    g_object_set(h->element, "change-threshold", 0.02, "max-age", (guint64)0, NULL);
    fail_unless_equals_int(count_classes(0), 5);
    g_object_set(h->element, "top-k", 2, NULL);
    fail_unless_equals_int(count_classes(1), 2);
    g_object_set(h->element, "threshold", 1.0, NULL);
    fail_unless_equals_int(count_classes(2), 0);
    gst_util_set_object_arg(G_OBJECT(h->element), "activation", "none");
    fail_unless_equals_int(count_classes(3), 2);
    fail_unless_equals_int(count_classes(4), 2);
    fail_unless_equals_uint64(frames_counter(h, "unchanged"), 1);
}
GST_END_TEST;

/* Looked at on every third frame at most, and then when something has changed since. */
GST_START_TEST(test_unchanged_interval)
{
    g_object_set(h->element, "change-threshold", 0.02, "interval", 3, NULL);
    expect_scenes(CAPS, ".#......#.", "1000000010");
    fail_unless_equals_uint64(frames_counter(h, "unchanged"), 5);
}
GST_END_TEST;

static void report_late(guint frame, gint late)
{
    gst_harness_push_upstream_event(h, gst_event_new_qos(GST_QOS_TYPE_UNDERFLOW, 1.0,
                                                         late * STEP * (gint64)GST_MSECOND,
                                                         frame * STEP * GST_MSECOND));
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
    expect(9, "11");
    fail_unless_equals_uint64(frames_counter(h, "late-skipped"), 3);
}
GST_END_TEST;

/* With mode=latest nothing that we do makes a frame late. */
GST_START_TEST(test_late_latest)
{
    gst_util_set_object_arg(G_OBJECT(h->element), "mode", "latest");
    gst_buffer_unref(through(0));
    report_late(0, 2);
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

static Suite *pace_suite(void)
{
    Suite *s = suite_create("convnext_pace");
    TCase *tc = tcase_create("pace");
    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_min_period);
    tcase_add_test(tc, test_min_period_and_interval);
    tcase_add_test(tc, test_backwards);
    tcase_add_test(tc, test_backwards_unchanged);
    tcase_add_test(tc, test_backwards_objects);
    tcase_add_test(tc, test_no_carry);
    tcase_add_test(tc, test_discont);
    tcase_add_loop_test(tc, test_unchanged, 0, G_N_ELEMENTS(formats));
    tcase_add_test(tc, test_max_age);
    tcase_add_test(tc, test_unchanged_scoring);
    tcase_add_test(tc, test_unchanged_interval);
    tcase_add_test(tc, test_late);
    tcase_add_test(tc, test_late_latest);
    tcase_add_test(tc, test_latency);
    tcase_add_test(tc, test_latency_query);
    tcase_add_test(tc, test_latency_not_live);
    return s;
}

GST_CHECK_MAIN(pace);
