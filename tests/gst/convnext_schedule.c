/* mode=sync: which frames are inferred, and what the others carry.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "tests/gst/support/boxes.h"
#include "tests/gst/support/stage.h"

static guint inferred_frame; /* the last one */

/* Checks that frame i carries the last inferred frame's result. Takes the buffer. */
static void check_result(GstBuffer *buffer, guint i)
{
    g_autoptr(GstBuffer) out = buffer;
    GstConvnextMeta *meta = frames_meta(out);

    fail_unless_equals_uint64(gst_convnext_result_get_pts(meta->result),
                              inferred_frame * STEP * GST_MSECOND);
    fail_unless_equals_uint64(meta->age, (i - inferred_frame) * STEP * GST_MSECOND);
}

/* Processes frames from, from + 1, ... The pattern has one character for each: '1' if it is
 * inferred, '0' if it carries the last result. */
static void expect_inferences(guint from, const char *pattern)
{
    for (guint i = from; pattern[i - from]; i++) {
        if (pattern[i - from] == '1')
            inferred_frame = i;
        check_result(process(i), i);
    }
}

/* Frames closer to the last inference than min-period are skipped. */
GST_START_TEST(test_min_period)
{
    g_object_set(h->element, "min-period", 100 * GST_MSECOND, NULL);
    expect_inferences(0, "1001001");
    g_object_set(h->element, "min-period", 2 * STEP * GST_MSECOND, NULL);
    expect_inferences(8, "101010");
    fail_unless_equals_uint64(frames_counter(h->element, "skipped"), 7);
}
GST_END_TEST;

/* With both min-period and interval, the longer one counts. */
GST_START_TEST(test_min_period_and_interval)
{
    g_object_set(h->element, "min-period", 2 * STEP * GST_MSECOND, "interval", 3, NULL);
    expect_inferences(0, "1001001");
    g_object_set(h->element, "min-period", 4 * STEP * GST_MSECOND, NULL);
    expect_inferences(7, "0001000100");
}
GST_END_TEST;

static void play_backwards(GstHarness *harness)
{
    GstSegment segment;

    gst_segment_init(&segment, GST_FORMAT_TIME);
    segment.rate = -1;
    segment.stop = 10 * STEP * GST_MSECOND;
    harness_push_segment(harness, &segment);
}

/* In reverse playback timestamps fall, and min-period and ages still count the time that has
 * passed. */
GST_START_TEST(test_backwards)
{
    g_object_set(h->element, "min-period", 3 * STEP * GST_MSECOND, NULL);
    play_backwards(h);
    for (guint i = 0; i < 9; i++)
        fail_unless_equals_uint64(frames_age(process(9 - i)), i % 3 * STEP * GST_MSECOND);
    fail_unless_equals_uint64(frames_counter(h->element, "skipped"), 6);
}
GST_END_TEST;

/* In reverse playback, max-age still limits how long an unchanged scene is skipped. */
GST_START_TEST(test_backwards_unchanged)
{
    g_object_set(h->element, "change-threshold", 0.02, "max-age", 3 * STEP * GST_MSECOND, NULL);
    play_backwards(h);
    for (guint i = 0; i < 9; i++)
        gst_buffer_unref(process(9 - i));
    fail_unless_equals_uint64(frames_counter(h->element, "unchanged"), 6);
}
GST_END_TEST;

/* In reverse playback, an object's result is carried with a growing age. */
GST_START_TEST(test_backwards_objects)
{
    g_autoptr(GstHarness) objects = boxes_harness(network, CAPS);
    static const Box box = {"cat", 10, 20, 60, 50, 1};

    g_object_set(objects->element, "reclassify-interval", 0, NULL);
    play_backwards(objects);
    for (guint i = 0; i < 3; i++) {
        g_autoptr(GstBuffer) out =
            boxes_process(objects, frames_new(CAPS, FRAME_COLOURS, STEP * (9 - i)), &box, 1);

        boxes_check(frames_meta(out), 10, 20, 60, 50, STEP * i);
    }
}
GST_END_TEST;

/* With carry=false, only inferred frames have a result. */
GST_START_TEST(test_no_carry)
{
    g_object_set(h->element, "interval", 3, "carry", FALSE, NULL);
    for (guint i = 0; i < 7; i++) {
        g_autoptr(GstBuffer) out = process(i);

        fail_unless_equals_int(gst_buffer_get_convnext_meta(out) != NULL, i % 3 == 0);
    }
}
GST_END_TEST;

/* A lost frame, which is normal in live video, does not cause an extra inference. */
GST_START_TEST(test_discont)
{
    g_object_set(h->element, "interval", 3, NULL);
    gst_buffer_unref(process(0));
    GstBuffer *frame = frames_new(CAPS, FRAME_COLOURS, 2 * STEP);
    GST_BUFFER_FLAG_SET(frame, GST_BUFFER_FLAG_DISCONT);
    fail_unless_equals_uint64(frames_age(frames_process(h, frame)), 2 * STEP * GST_MSECOND);
}
GST_END_TEST;

/* A static scene of grays, with or without a white square. */
static GstBuffer *new_scene(const char *caps, guint i, gboolean square)
{
    GstVideoInfo info = frames_info(caps);
    GstVideoFrame frame;
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

/* Processes one frame per character of scenes: '.' is the static scene, '#' has the square. The
 * pattern is that of expect_inferences(). */
static void expect_scenes(const char *caps, const char *scenes, const char *pattern)
{
    for (guint i = 0; scenes[i]; i++) {
        if (pattern[i] == '1')
            inferred_frame = i;
        check_result(frames_process(h, new_scene(caps, i, scenes[i] == '#')), i);
    }
}

/* Planar, packed and converted formats. */
static const char *const formats[] = {"I420", "NV12", "YUY2", "BGRx", "RGB", "GRAY8", "I420_10LE"};

/* With change-threshold, only frames that differ from the last inferred one are inferred, in
 * every kind of format. */
GST_START_TEST(test_unchanged)
{
    g_autofree char *caps = g_strdup_printf(
        "video/x-raw,format=%s,width=160,height=120,framerate=25/1", formats[__i__]);

    g_object_set(h->element, "change-threshold", 0.02, NULL);
    gst_harness_set_src_caps_str(h, caps);
    expect_scenes(caps, "...##..#", "10010101");
    fail_unless_equals_uint64(frames_counter(h->element, "unchanged"), 4);
    fail_unless_equals_uint64(frames_counter(h->element, "skipped"), 4);
}
GST_END_TEST;

/* An unchanged scene is inferred again after max-age, and change-threshold=0 infers every
 * frame. */
GST_START_TEST(test_max_age)
{
    g_object_set(h->element, "change-threshold", 0.02, "max-age", 3 * STEP * GST_MSECOND, NULL);
    expect_scenes(CAPS, "......#....", "10010011001");
    g_object_set(h->element, "change-threshold", 0.0, NULL);
    expect_inferences(11, "111");
}
GST_END_TEST;

static guint count_classes(guint i)
{
    g_autoptr(GstBuffer) out = process(i);
    guint n;

    gst_convnext_result_get_classes(frames_result(out), &n);
    return n;
}

/* A change of the scoring properties infers an unchanged scene once more. */
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
    fail_unless_equals_uint64(frames_counter(h->element, "unchanged"), 1);
}
GST_END_TEST;

/* With interval=3, a frame that is due is inferred only if the scene has changed since. */
GST_START_TEST(test_unchanged_interval)
{
    g_object_set(h->element, "change-threshold", 0.02, "interval", 3, NULL);
    expect_scenes(CAPS, ".#......#.", "1000000010");
    fail_unless_equals_uint64(frames_counter(h->element, "unchanged"), 5);
}
GST_END_TEST;

static Suite *convnext_schedule_suite(void)
{
    Suite *s = suite_create("convnext_schedule");
    TCase *tc = tcase_create("schedule");

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

GST_CHECK_MAIN(convnext_schedule);
