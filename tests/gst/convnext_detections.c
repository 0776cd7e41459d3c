/* region=objects: each detected object gets its own result.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>

#include "tests/gst/support/boxes.h"
#include "tests/gst/support/frames.h"
#include "tests/gst/support/harness.h"
#include "tests/gst/support/messages.h"
#include "tests/gst/support/network.h"

#define CAPS "video/x-raw,format=RGB,width=320,height=240,framerate=25/1"

static GstHarness *new_harness(void)
{
    return boxes_harness(network, CAPS);
}

static GstBuffer *new_frame(guint pts)
{
    return frames_new(CAPS, FRAME_COLOURS, pts);
}

/* The logits of a box that is processed as a separate frame. */
static void run_alone(guint x, guint y, guint width, guint height, float *logits)
{
    g_autofree char *caps =
        g_strdup_printf("video/x-raw,format=RGB,width=%u,height=%u,framerate=25/1", width, height);

    g_autoptr(GstHarness) h = frames_harness(network, caps);

    frames_logits(h, frames_copy_rectangle(CAPS, new_frame(0), x, y, width, height), logits);
}

/* The distance between a result's logits and the expected ones. */
static float get_distance(GstConvnextMeta *meta, const float *expected)
{
    g_autoptr(GstConvnextTensor) tensor = gst_convnext_result_get_tensor(meta->result, "logits");
    gsize n;

    fail_unless(tensor);
    return frames_distance(gst_convnext_tensor_get_values(tensor, &n), expected);
}

/* Each object gets the logits that it gets as a separate frame. There are more objects than a batch
 * holds, and some are partly outside the frame. */
GST_START_TEST(test_logits)
{
    g_autoptr(GstHarness) h = new_harness();
    static const Box boxes[] = {{"cat", 10, 20, 100, 80, 1},  {"dog", 200, 100, 61, 99, 2},
                                {"cat", 0, 0, 320, 240, 3},   {NULL, 33, 41, 24, 57, 4},
                                {"cat", 290, 200, 90, 80, 5}, {"dog", 5, 100, 40, 40, 6},
                                {"dog", 60, 60, 33, 33, 7},   {"cat", 90, 5, 150, 30, 8},
                                {"cat", 100, 150, 77, 70, 9}, {"dog", 130, 7, 64, 64, 10}};
    g_autoptr(GstBuffer) out = boxes_process(h, new_frame(0), boxes, G_N_ELEMENTS(boxes));
    GstConvnextMeta *metas[G_N_ELEMENTS(boxes) + 1];

    fail_unless_equals_int(boxes_metas(out, metas, G_N_ELEMENTS(metas)), G_N_ELEMENTS(boxes));
    for (guint i = 0; i < G_N_ELEMENTS(boxes); i++) {
        const Box *b = &boxes[i];
        guint w = MIN(b->w, 320 - b->x), height = MIN(b->h, 240 - b->y);
        float expected[NETWORK_CLASSES];
        const char *label;
        int id;

        boxes_check(metas[i], b->x, b->y, w, height, 0);
        fail_unless(gst_convnext_result_get_object(metas[i]->result, &id, &label));
        fail_unless_equals_string(label, b->type);
        fail_unless_equals_int(id, b->id);
        run_alone(b->x, b->y, w, height, expected);
        fail_unless(get_distance(metas[i], expected) < 1e-5f, "object %u", i);
    }
}
GST_END_TEST;

/* With a GstVideoCropMeta, boxes are clipped to its rectangle and moved with it. */
GST_START_TEST(test_crop_meta)
{
    g_autoptr(GstHarness) h = boxes_harness(network, "video/x-raw,format=RGB,width=200,height=150");
    static const Box boxes[] = {
        {"cat", 60, 50, 100, 80, 0}, {"cat", 0, 0, 45, 240, 0}, {"cat", 0, 0, 40, 240, 0}};
    GstBuffer *buffer = new_frame(0);
    float expected[NETWORK_CLASSES];
    GstConvnextMeta *metas[4];

    frames_add_crop(CAPS, buffer, 40, 30, 200, 150);
    g_autoptr(GstBuffer) out = boxes_process(h, buffer, boxes, G_N_ELEMENTS(boxes));
    fail_unless_equals_int(boxes_metas(out, metas, 4), 2); /* the third is not visible */
    boxes_check(metas[0], 20, 20, 100, 80, 0);
    boxes_check(metas[1], 0, 0, 5, 150, 0);
    run_alone(60, 50, 100, 80, expected);
    fail_unless(get_distance(metas[0], expected) < 1e-5f);
    run_alone(40, 30, 5, 150, expected);
    fail_unless(get_distance(metas[1], expected) < 1e-5f);
}
GST_END_TEST;

/* The number of results on a new frame with these boxes. */
static guint count_results(GstHarness *h, guint pts, const Box *boxes, guint n)
{
    g_autoptr(GstBuffer) out = boxes_process(h, new_frame(pts), boxes, n);

    return boxes_metas(out, NULL, 0);
}

/* min-object-size and object-class select objects. Empty boxes and those outside the frame have
 * no result. */
GST_START_TEST(test_selection)
{
    g_autoptr(GstHarness) h = new_harness();
    static const Box boxes[] = {{"cat", 10, 20, 100, 80, 0}, {"dog", 200, 100, 60, 31, 0},
                                {NULL, 150, 10, 32, 32, 0},  {"cat", 319, 239, 50, 50, 0},
                                {"cat", 320, 10, 50, 50, 0}, {"cat", 50, 50, 0, 10, 0},
                                {"cat", 0, 120, 320, 4, 0}};

    fail_unless_equals_int(count_results(h, 0, NULL, 0), 0);
    fail_unless_equals_int(count_results(h, 40, boxes, G_N_ELEMENTS(boxes)), 4);
    g_object_set(h->element, "min-object-size", 32, NULL);
    fail_unless_equals_int(count_results(h, 80, boxes, G_N_ELEMENTS(boxes)), 2);
    g_object_set(h->element, "object-class", "cat", NULL);
    fail_unless_equals_int(count_results(h, 120, boxes, G_N_ELEMENTS(boxes)), 1);
    g_object_set(h->element, "object-class", "", "min-object-size", 0, NULL);
    fail_unless_equals_int(count_results(h, 160, boxes, G_N_ELEMENTS(boxes)), 4);
}
GST_END_TEST;

/* Boxes that are empty in square pixels or too thin are left out; the others are not. */
GST_START_TEST(test_unusable_boxes)
{
    static const char caps[] = "video/x-raw,format=RGB,width=720,height=240,framerate=25/1,"
                               "pixel-aspect-ratio=4/9";

    g_autoptr(GstHarness) h = boxes_harness(network, caps);
    static const Box boxes[] = {
        {"cat", 719, 10, 40, 40, 0}, {"cat", 10, 10, 50, 50, 0}, {"cat", 0, 239, 630, 10, 0}};
    g_autoptr(GstBuffer) out = boxes_process(h, frames_new(caps, FRAME_COLOURS, 0), boxes, 3);
    GstConvnextMeta *metas[3];

    fail_unless_equals_int(boxes_metas(out, metas, 3), 1);
    boxes_check(metas[0], 10, 10, 50, 50, 0);
}
GST_END_TEST;

/* object-margin enlarges the box, up to the border of the frame. */
GST_START_TEST(test_margin)
{
    g_autoptr(GstHarness) h = new_harness();
    static const Box boxes[] = {{"cat", 100, 80, 100, 40, 0}, {"cat", 10, 20, 100, 80, 0}};
    GstConvnextMeta *metas[3];
    float expected[NETWORK_CLASSES];

    g_object_set(h->element, "object-margin", 0.25, NULL);
    g_autoptr(GstBuffer) out = boxes_process(h, new_frame(0), boxes, 2);
    fail_unless_equals_int(boxes_metas(out, metas, 3), 2);
    boxes_check(metas[0], 75, 70, 150, 60, 0);
    boxes_check(metas[1], 0, 0, 135, 120, 0); /* clipped to the frame */
    run_alone(75, 70, 150, 60, expected);
    fail_unless(get_distance(metas[0], expected) < 1e-5f);
}
GST_END_TEST;

/* The best class is attached to the region, where other elements read it. */
GST_START_TEST(test_region_meta)
{
    g_autoptr(GstHarness) h = new_harness();
    static const Box box = {"cat", 10, 20, 100, 80, 0};
    g_autoptr(GstBuffer) out = boxes_process(h, new_frame(0), &box, 1);
    GstConvnextMeta *metas[2];

    fail_unless_equals_int(boxes_metas(out, metas, 2), 1);
    GstVideoRegionOfInterestMeta *roi =
        (GstVideoRegionOfInterestMeta *)gst_buffer_get_video_region_of_interest_meta(out);
    GstStructure *s = gst_video_region_of_interest_meta_get_param(roi, "classification");
    const GstConvnextClass *best = gst_convnext_result_get_classes(metas[0]->result, NULL);
    double confidence;
    int index;
    fail_unless(s, "no classification on the region");
    fail_unless_equals_string(gst_structure_get_string(s, "label"), best->label);
    fail_unless(gst_structure_get_int(s, "label_id", &index) && index == (int)best->index);
    fail_unless(gst_structure_get_double(s, "confidence", &confidence));
    fail_unless(confidence == best->score);
    fail_unless_equals_string(gst_structure_get_string(s, "model_name"),
                              gst_convnext_result_get_model(metas[0]->result));
}
GST_END_TEST;

/* region=objects is refused with crop=none, because inputs of different shapes cannot share a
 * batch. */
GST_START_TEST(test_crop_none)
{
    g_autoptr(GstElement) element = gst_element_factory_make("convnext", NULL);

    gst_object_ref_sink(element);
    g_object_set(element, "model", network, NULL);
    gst_util_set_object_arg(G_OBJECT(element), "region", "objects");
    gst_util_set_object_arg(G_OBJECT(element), "crop", "none");
    messages_expect_refusal(element, GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS,
                            "region=objects");
}
GST_END_TEST;

static Suite *convnext_detections_suite(void)
{
    Suite *s = suite_create("convnext_detections");
    TCase *tc = tcase_create("detections");

    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, network_setup, network_teardown);
    tcase_add_test(tc, test_logits);
    tcase_add_test(tc, test_crop_meta);
    tcase_add_test(tc, test_selection);
    tcase_add_test(tc, test_unusable_boxes);
    tcase_add_test(tc, test_margin);
    tcase_add_test(tc, test_region_meta);
    tcase_add_test(tc, test_crop_none);
    return s;
}

GST_CHECK_MAIN(convnext_detections);
