/* The property roi: results are those of the frame that videocrop cuts, in coordinates of the whole
 * frame.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <math.h>
#include <string.h>

#include "tests/gst/support/boxes.h"
#include "tests/gst/support/heads.h"
#include "tests/gst/support/messages.h"
#include "tests/gst/support/stage.h"

#define WIDTH 162
#define HEIGHT 118

/* The frame as videocrop cuts it. Takes the frame. caps: receives the new caps; the caller owns
 * them. */
static GstBuffer *cut(const GstConvnextRect *rect, GstBuffer *frame, char **caps)
{
    g_autofree char *launch =
        g_strdup_printf("videocrop left=%d top=%d right=%d bottom=%d", rect->x, rect->y,
                        WIDTH - rect->x - rect->w, HEIGHT - rect->y - rect->h);
    g_autoptr(GstHarness) harness = gst_harness_new_parse(launch);

    gst_harness_set_src_caps_str(harness, *caps);
    GstBuffer *part = gst_harness_push_and_pull(harness, frame);
    g_autoptr(GstCaps) out_caps = gst_pad_get_current_caps(harness->sinkpad);
    fail_unless(part && out_caps);
    g_free(*caps);
    *caps = gst_caps_to_string(out_caps);
    return part;
}

static void run(const char *caps, GstBuffer *frame, const char *crop, const char *orientation,
                const char *roi, float *logits)
{
    g_autoptr(GstHarness) harness = frames_harness(network, caps);

    gst_util_set_object_arg(G_OBJECT(harness->element), "crop", crop);
    gst_util_set_object_arg(G_OBJECT(harness->element), "orientation", orientation);
    g_object_set(harness->element, "roi", roi, NULL);
    harness_restart(harness, caps);
    frames_logits(harness, frame, logits);
}

/* Bit for bit, in native and converted formats. videocrop cuts subsampled chroma at even pixels
 * only. */
GST_START_TEST(test_like_videocrop)
{
    static const char *const formats[] = {"I420", "NV12",  "YUY2",      "RGB",
                                          "BGRA", "GRAY8", "I420_10LE", "Y444"};
    static const char *const crops[] = {"center", "squash", "border", "none"};
    static const char *const orientations[] = {"identity", "90r", "horiz"};
    static const GstConvnextRect rects[] = {
        {40, 20, 64, 50}, {0, 0, 30, 118}, {100, 60, 62, 58}, {2, 2, 158, 20}};
    const char *format = formats[__i__];

    for (guint c = 0; c < G_N_ELEMENTS(crops); c++)
        for (guint o = 0; o < G_N_ELEMENTS(orientations); o++)
            for (guint r = 0; r < G_N_ELEMENTS(rects); r++) {
                const GstConvnextRect *rect = &rects[r];
                g_autofree char *caps =
                    g_strdup_printf("video/x-raw,format=%s,width=%d,height=%d,framerate=25/1",
                                    format, WIDTH, HEIGHT);
                g_autofree char *part_caps = g_strdup(caps);
                g_autofree char *roi =
                    g_strdup_printf("%d,%d,%d,%d", rect->x, rect->y, rect->w, rect->h);
                float found[NETWORK_CLASSES], expected[NETWORK_CLASSES];
                GstBuffer *frame = frames_new(caps, FRAME_COLOURS, 0);
                GstBuffer *part = cut(rect, gst_buffer_ref(frame), &part_caps);

                run(caps, frame, crops[c], orientations[o], roi, found);
                run(part_caps, part, crops[c], orientations[o], NULL, expected);
                fail_unless(!memcmp(found, expected, sizeof found), "%s, roi=%s, crop=%s, %s: %g",
                            format, roi, crops[c], orientations[o],
                            (double)frames_distance(found, expected));
            }
}
GST_END_TEST;

static void check_region(GstBuffer *buffer, guint x, guint y, guint width, guint height)
{
    guint found[4];

    gst_convnext_result_get_region(frames_result(buffer), &found[0], &found[1], &found[2],
                                   &found[3]);
    fail_unless(found[0] == x && found[1] == y && found[2] == width && found[3] == height,
                "the region is %u,%u %ux%u", found[0], found[1], found[2], found[3]);
}

/* A GstVideoCropMeta already shows a part: the ROI is a part of that. */
GST_START_TEST(test_in_visible_part)
{
    static const char whole[] = "video/x-raw,format=RGB,width=162,height=118,framerate=25/1";
    static const char visible[] = "video/x-raw,format=RGB,width=100,height=80,framerate=25/1";
    static const char part[] = "video/x-raw,format=RGB,width=50,height=40,framerate=25/1";
    float found[NETWORK_CLASSES], expected[NETWORK_CLASSES];
    GstBuffer *frame = frames_new(whole, FRAME_COLOURS, 0);
    GstBuffer *own =
        frames_copy_rectangle(whole, frames_new(whole, FRAME_COLOURS, 0), 70, 40, 50, 40);

    frames_add_crop(whole, frame, 20, 20, 100, 80);
    run(visible, frame, "squash", "identity", "50,20,50,40", found);
    run(part, own, "squash", "identity", NULL, expected);
    fail_unless(!memcmp(found, expected, sizeof found));
}
GST_END_TEST;

/* A change takes effect at the next frame, in a still scene too. One that is not valid, or does not
 * fit, leaves the previous part with one warning. */
GST_START_TEST(test_change)
{
    static const char *const bad[] = {"1,2,3", "150,0,20,20"};
    g_autoptr(GstBus) bus = gst_bus_new();

    gst_element_set_bus(h->element, bus);
    g_object_set(h->element, "change-threshold", 0.02, NULL);
    for (guint i = 0; i < 3; i++) {
        g_autoptr(GstBuffer) out = process(i);

        check_region(out, 0, 0, 160, 120);
    }
    g_object_set(h->element, "roi", "0.5,0.5,0.5,0.5", NULL);
    g_autoptr(GstBuffer) half = process(3);
    check_region(half, 80, 60, 80, 60);
    fail_unless_equals_uint64(frames_age(gst_buffer_ref(half)), 0);
    messages_check_none(bus);
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_object_set(h->element, "roi", bad[i], NULL);
        for (guint j = 0; j < 2; j++) {
            g_autoptr(GstBuffer) out = process(4 + 2 * i + j);

            check_region(out, 80, 60, 80, 60);
        }
        messages_expect(gst_bus_pop_filtered(bus, GST_MESSAGE_WARNING), "roi");
        messages_check_none(bus);
    }
    g_object_set(h->element, "roi", NULL, NULL);
    g_autoptr(GstBuffer) last = process(9);
    check_region(last, 0, 0, 160, 120);
    messages_check_none(bus);
    gst_element_set_bus(h->element, NULL);
}
GST_END_TEST;

/* mode=latest: a result has the part that its frame had. */
GST_START_TEST(test_latest)
{
    gst_util_set_object_arg(G_OBJECT(h->element), "mode", "latest");
    g_object_set(h->element, "roi", "8,16,32,48", NULL);
    gate_close(gate);
    gst_buffer_unref(process(0));
    gate_wait(gate);
    g_object_set(h->element, "roi", "0.5,0,0.5,1", NULL);
    g_autoptr(GstBuffer) out = process(1);
    check_region(out, 8, 16, 32, 48);
}
GST_END_TEST;

/* Only the change of the part counts. */
GST_START_TEST(test_thumbnail)
{
    static const char caps[] = "video/x-raw,format=GRAY8,width=160,height=120,framerate=25/1";
    const GstVideoInfo info = frames_info(caps);

    g_object_set(h->element, "roi", "0,0,80,120", "change-threshold", 0.02, NULL);
    harness_restart(h, caps);
    for (guint i = 0; i < 4; i++) {
        GstBuffer *frame = frames_new(caps, FRAME_GRAYS, i * STEP);
        const gboolean right = i == 1, left = i == 3;
        GstVideoFrame map;

        fail_unless(gst_video_frame_map(&map, &info, frame, GST_MAP_WRITE));
        for (guint y = 0; y < 120 && (left || right); y++)
            memset((guint8 *)GST_VIDEO_FRAME_PLANE_DATA(&map, 0) +
                       (gsize)y * (gsize)GST_VIDEO_FRAME_PLANE_STRIDE(&map, 0) + (right ? 80 : 0),
                   255, 80);
        gst_video_frame_unmap(&map);
        gst_buffer_unref(frames_process(h, frame));
        fail_unless_equals_uint64(frames_counter(h->element, "inferred"), left ? 2 : 1);
    }
}
GST_END_TEST;

/* Objects are clipped to the part; one outside is not run. */
GST_START_TEST(test_objects)
{
    static const char caps[] = "video/x-raw,format=RGB,width=320,height=240,framerate=25/1";
    static const Box boxes[] = {
        {"in", 120, 60, 40, 30, 1}, {"across", 80, 50, 60, 40, 2}, {"out", 10, 10, 50, 50, 3}};
    g_autoptr(GstHarness) harness = boxes_harness(network, caps);
    GstConvnextMeta *metas[3];

    g_object_set(harness->element, "roi", "100,40,200,180", NULL);
    g_autoptr(GstBuffer) out = boxes_process(harness, frames_new(caps, FRAME_COLOURS, 0), boxes, 3);
    fail_unless_equals_int(boxes_metas(out, metas, 3), 2);
    boxes_check(metas[0], 120, 60, 40, 30, 0);
    boxes_check(metas[1], 100, 50, 40, 40, 0);
}
GST_END_TEST;

/* New caps that the part does not fit are refused with a sentence; others continue. */
GST_START_TEST(test_caps)
{
    static const char small[] = "video/x-raw,format=I420,width=64,height=48,framerate=25/1";
    g_autoptr(GstBus) bus = gst_bus_new();

    gst_element_set_bus(h->element, bus);
    g_object_set(h->element, "roi", "80,60,80,60", NULL);
    gst_buffer_unref(process(0));
    gst_harness_set_src_caps_str(h, small);
    fail_unless_equals_int(gst_harness_push(h, frames_new(small, FRAME_GRAYS, STEP)),
                           GST_FLOW_NOT_NEGOTIATED);
    messages_expect(gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR),
                    "roi=80,60,80,60 is not inside frames of 64 x 48 pixels");
    gst_element_set_bus(h->element, NULL);
}
GST_END_TEST;

GST_START_TEST(test_refused_at_start)
{
    g_autoptr(GstElement) element = gst_object_ref_sink(gst_element_factory_make("convnext", NULL));

    g_object_set(element, "roi", "0,0,1", NULL);
    messages_expect_refusal(element, GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS,
                            "roi is \"0,0,1\": expected x,y,w,h");
}
GST_END_TEST;

/* A mask covers the part. */
GST_START_TEST(test_segment)
{
    g_autoptr(GstHarness) heads = heads_harness(
        "convnextsegment threads=1 mask-size=frame roi=40,20,100,80 model=" SEGMENTER, HEADS_CAPS);
    g_autoptr(GstBuffer) out = heads_process(heads, HEADS_CAPS, 0);
    GstConvnextSegmentation *mask = gst_convnext_result_get_segmentation(frames_result(out));
    GstConvnextRect rect;
    guint width, height, bits;

    gst_convnext_segmentation_get_rect(mask, &rect);
    gst_convnext_segmentation_get_size(mask, &width, &height, &bits);
    fail_unless(rect.x == 40 && rect.y == 20 && rect.w == 100 && rect.h == 80);
    fail_unless(width == 100 && height == 80);
}
GST_END_TEST;

#define DETECT \
    "convnextdetect threads=1 min-size=64 max-size=96 score-threshold=0.02 model=" DETECTOR

/* The objects of the part that videocrop cuts, moved by its corner. */
GST_START_TEST(test_detect)
{
    g_autoptr(GstHarness) part = heads_harness(DETECT " roi=40,20,100,80", HEADS_CAPS);
    g_autoptr(GstHarness) own =
        heads_harness("videocrop left=40 top=20 right=20 bottom=20 ! " DETECT, HEADS_CAPS);
    g_autoptr(GstBuffer) out = heads_process(part, HEADS_CAPS, 0);
    g_autoptr(GstBuffer) out_own = heads_process(own, HEADS_CAPS, 0);
    guint n, expected_n;
    const GstConvnextDetectedObject *found =
        gst_convnext_result_get_objects(frames_result(out), &n);
    const GstConvnextDetectedObject *expected =
        gst_convnext_result_get_objects(frames_result(out_own), &expected_n);

    fail_unless(n > 0, "no objects");
    fail_unless_equals_int(n, expected_n);
    for (guint i = 0; i < n; i++) {
        fail_unless(found[i].score == expected[i].score);
        fail_unless(fabsf(found[i].x - 40 - expected[i].x) < 1e-3f);
        fail_unless(fabsf(found[i].y - 20 - expected[i].y) < 1e-3f);
        fail_unless(fabsf(found[i].width - expected[i].width) < 1e-3f);
        fail_unless(fabsf(found[i].height - expected[i].height) < 1e-3f);
    }
}
GST_END_TEST;

static Suite *convnext_roi_suite(void)
{
    Suite *suite = suite_create("convnext_roi");
    TCase *tc = tcase_create("roi");

    suite_add_tcase(suite, tc);
    tcase_add_checked_fixture(tc, stage_setup, stage_teardown);
    tcase_add_loop_test(tc, test_like_videocrop, 0, 8);
    tcase_add_test(tc, test_in_visible_part);
    tcase_add_test(tc, test_change);
    tcase_add_test(tc, test_latest);
    tcase_add_test(tc, test_thumbnail);
    tcase_add_test(tc, test_objects);
    tcase_add_test(tc, test_caps);
    tcase_add_test(tc, test_refused_at_start);
    tcase_add_test(tc, test_segment);
    tcase_add_test(tc, test_detect);
    return suite;
}

GST_CHECK_MAIN(convnext_roi)
