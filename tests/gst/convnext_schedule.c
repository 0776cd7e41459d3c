/* mode=sync: which frames are looked at, and what the others carry.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "tests/gst/support/boxes.h"
#include "tests/gst/support/stage.h"

static guint last; /* frame that was looked at */

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
        int stride = GST_VIDEO_FRAME_PLANE_STRIDE(&frame, 0), size = stride / info.width;

        for (int y = 60; y < 76; y++)
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

static Suite *pace_suite(void)
{
    Suite *s = suite_create("convnext_pace");
    TCase *tc = tcase_create("pace");

    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, stage_setup, stage_teardown);
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
    return s;
}

GST_CHECK_MAIN(pace);
