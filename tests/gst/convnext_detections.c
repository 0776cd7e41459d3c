/* region=objects: each object that a detector found gets its own answer, when it is its turn.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <math.h>
#include <string.h>

#include "tests/gst/support/boxes.h"
#include "tests/gst/support/frames.h"
#include "tests/gst/support/network.h"

#define CAPS "video/x-raw,format=RGB,width=320,height=240,framerate=25/1"

static char *network;

static void setup(void)
{
    network = network_new();
}

static void teardown(void)
{
    network_delete(network);
}

static GstHarness *harness(void)
{
    return boxes_harness(network, CAPS);
}

static GstBuffer *frame(guint pts)
{
    return frames_new(CAPS, FRAME_COLOURS, pts);
}

/* What a box of the picture gets when it is a picture of its own. */
static void expect(guint x, guint y, guint w, guint h, float *logits)
{
    char *caps = g_strdup_printf("video/x-raw,format=RGB,width=%u,height=%u,framerate=25/1", w, h);
    GstHarness *whole = frames_harness(network, caps);
    GstBuffer *from = frame(0), *to = frames_new(caps, FRAME_OTHER, 0);
    GstVideoFrame a, b;
    GstVideoInfo info;
    GstCaps *parsed = gst_caps_from_string(CAPS);

    fail_unless(gst_video_info_from_caps(&info, parsed));
    fail_unless(gst_video_frame_map(&a, &info, from, GST_MAP_READ));
    gst_video_info_set_format(&info, GST_VIDEO_FORMAT_RGB, w, h);
    fail_unless(gst_video_frame_map(&b, &info, to, GST_MAP_WRITE));
    for (guint row = 0; row < h; row++)
        memcpy((guint8 *)GST_VIDEO_FRAME_PLANE_DATA(&b, 0) +
                   row * GST_VIDEO_FRAME_PLANE_STRIDE(&b, 0),
               (guint8 *)GST_VIDEO_FRAME_PLANE_DATA(&a, 0) +
                   (y + row) * GST_VIDEO_FRAME_PLANE_STRIDE(&a, 0) + 3 * x,
               3 * w);
    gst_video_frame_unmap(&a);
    gst_video_frame_unmap(&b);
    frames_logits(whole, to, logits);
    gst_buffer_unref(from);
    gst_caps_unref(parsed);
    gst_harness_teardown(whole);
    g_free(caps);
}

static float distance(GstConvnextMeta *meta, const float *expected)
{
    GstConvnextTensor *tensor = gst_convnext_result_get_tensor(meta->result, "logits");

    fail_unless(tensor);
    gsize n;
    float d = frames_distance(gst_convnext_tensor_get_values(tensor, &n), expected);
    gst_convnext_tensor_unref(tensor);
    return d;
}

/* More objects than one batch holds; some of one place lie partly outside. */
GST_START_TEST(test_answers)
{
    static const Box boxes[] = {{"cat", 10, 20, 100, 80, 1},  {"dog", 200, 100, 61, 99, 2},
                                {"cat", 0, 0, 320, 240, 3},   {NULL, 33, 41, 24, 57, 4},
                                {"cat", 290, 200, 90, 80, 5}, {"dog", 5, 100, 40, 40, 6},
                                {"dog", 60, 60, 33, 33, 7},   {"cat", 90, 5, 150, 30, 8},
                                {"cat", 100, 150, 77, 70, 9}, {"dog", 130, 7, 64, 64, 10}};
    GstHarness *h = harness();
    GstBuffer *out = boxes_through(h, frame(0), boxes, G_N_ELEMENTS(boxes));
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
        expect(b->x, b->y, w, height, expected);
        fail_unless(distance(metas[i], expected) < 1e-5f, "object %u", i);
    }
    gst_buffer_unref(out);
    gst_harness_teardown(h);
}
GST_END_TEST;

/* The same objects in a picture of which a GstVideoCropMeta shows a part. */
GST_START_TEST(test_cropped)
{
    static const Box boxes[] = {
        {"cat", 60, 50, 100, 80, 0}, {"cat", 0, 0, 45, 240, 0}, {"cat", 0, 0, 40, 240, 0}};
    GstHarness *h = boxes_harness(network, "video/x-raw,format=RGB,width=200,height=150");
    GstBuffer *buffer = frame(0);
    GstVideoCropMeta *crop;
    float expected[NETWORK_CLASSES];
    GstConvnextMeta *metas[4];

    gst_buffer_add_video_meta(buffer, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_FORMAT_RGB, 320, 240);
    crop = gst_buffer_add_video_crop_meta(buffer);
    crop->x = 40;
    crop->y = 30;
    crop->width = 200;
    crop->height = 150;
    GstBuffer *out = boxes_through(h, buffer, boxes, G_N_ELEMENTS(boxes));
    fail_unless_equals_int(boxes_metas(out, metas, 4), 2); /* one of them is not to be seen */
    boxes_check(metas[0], 20, 20, 100, 80, 0);
    boxes_check(metas[1], 0, 0, 5, 150, 0);
    expect(60, 50, 100, 80, expected);
    fail_unless(distance(metas[0], expected) < 1e-5f);
    expect(40, 30, 5, 150, expected);
    fail_unless(distance(metas[1], expected) < 1e-5f);
    gst_buffer_unref(out);
    gst_harness_teardown(h);
}
GST_END_TEST;

static guint count_with(GstHarness *h, guint pts, const Box *boxes, guint n)
{
    GstConvnextMeta *metas[16];
    GstBuffer *out = boxes_through(h, frame(pts), boxes, n);
    guint found = boxes_metas(out, metas, G_N_ELEMENTS(metas));

    gst_buffer_unref(out);
    return found;
}

GST_START_TEST(test_selection)
{
    static const Box boxes[] = {{"cat", 10, 20, 100, 80, 0}, {"dog", 200, 100, 60, 31, 0},
                                {NULL, 150, 10, 32, 32, 0},  {"cat", 319, 239, 50, 50, 0},
                                {"cat", 320, 10, 50, 50, 0}, {"cat", 50, 50, 0, 10, 0},
                                {"cat", 0, 120, 320, 4, 0}};
    GstHarness *h = harness();

    fail_unless_equals_int(count_with(h, 0, NULL, 0), 0);
    fail_unless_equals_int(count_with(h, 40, boxes, G_N_ELEMENTS(boxes)), 4);
    g_object_set(h->element, "min-object-size", 32, NULL);
    fail_unless_equals_int(count_with(h, 80, boxes, G_N_ELEMENTS(boxes)), 2);
    g_object_set(h->element, "object-class", "cat", NULL);
    fail_unless_equals_int(count_with(h, 120, boxes, G_N_ELEMENTS(boxes)), 1);
    g_object_set(h->element, "object-class", "", "min-object-size", 0, NULL);
    fail_unless_equals_int(count_with(h, 160, boxes, G_N_ELEMENTS(boxes)), 4);
    gst_harness_teardown(h);
}
GST_END_TEST;

/* A box that is nothing in square pixels, or too thin, is left out, and the others are not. */
GST_START_TEST(test_thin)
{
    static const char caps[] = "video/x-raw,format=RGB,width=720,height=240,framerate=25/1,"
                               "pixel-aspect-ratio=4/9";
    static const Box boxes[] = {
        {"cat", 719, 10, 40, 40, 0}, {"cat", 10, 10, 50, 50, 0}, {"cat", 0, 239, 630, 10, 0}};
    GstHarness *h = boxes_harness(network, caps);
    GstConvnextMeta *metas[3];
    GstBuffer *out = boxes_through(h, frames_new(caps, FRAME_COLOURS, 0), boxes, 3);

    fail_unless_equals_int(boxes_metas(out, metas, 3), 1);
    boxes_check(metas[0], 10, 10, 50, 50, 0);
    gst_buffer_unref(out);
    gst_harness_teardown(h);
}
GST_END_TEST;

GST_START_TEST(test_margin)
{
    static const Box boxes[] = {{"cat", 100, 80, 100, 40, 0}, {"cat", 10, 20, 100, 80, 0}};
    GstHarness *h = harness();
    GstConvnextMeta *metas[3];
    float expected[NETWORK_CLASSES];

    g_object_set(h->element, "object-margin", 0.25, NULL);
    GstBuffer *out = boxes_through(h, frame(0), boxes, 2);
    fail_unless_equals_int(boxes_metas(out, metas, 3), 2);
    boxes_check(metas[0], 75, 70, 150, 60, 0);
    boxes_check(metas[1], 0, 0, 135, 120, 0); /* cut at the frame's border */
    expect(75, 70, 150, 60, expected);
    fail_unless(distance(metas[0], expected) < 1e-5f);
    gst_buffer_unref(out);
    gst_harness_teardown(h);
}
GST_END_TEST;

/* What other elements read: the best class, on the region itself. */
GST_START_TEST(test_roi)
{
    static const Box box = {"cat", 10, 20, 100, 80, 0};
    GstHarness *h = harness();
    GstBuffer *out = boxes_through(h, frame(0), &box, 1);
    GstConvnextMeta *metas[2];

    fail_unless_equals_int(boxes_metas(out, metas, 2), 1);
    GstVideoRegionOfInterestMeta *roi =
        (GstVideoRegionOfInterestMeta *)gst_buffer_get_video_region_of_interest_meta(out);
    GstStructure *s = gst_video_region_of_interest_meta_get_param(roi, "classification");
    const GstConvnextClass *best = gst_convnext_result_get_classes(metas[0]->result, NULL);
    double confidence;
    int index;
    fail_unless(s, "nothing on the region");
    fail_unless_equals_string(gst_structure_get_string(s, "label"), best->label);
    fail_unless(gst_structure_get_int(s, "label_id", &index) && index == (int)best->index);
    fail_unless(gst_structure_get_double(s, "confidence", &confidence));
    fail_unless(confidence == best->score);
    fail_unless_equals_string(gst_structure_get_string(s, "model_name"),
                              gst_convnext_result_get_model(metas[0]->result));
    gst_buffer_unref(out);
    gst_harness_teardown(h);
}
GST_END_TEST;

/* Shapes that differ do not fit in one batch. */
GST_START_TEST(test_crop_none)
{
    GstElement *element = gst_element_factory_make("convnext", NULL);
    GstBus *bus = gst_bus_new();
    GError *error = NULL;

    gst_object_ref_sink(element);
    gst_element_set_bus(element, bus);
    g_object_set(element, "model", network, NULL);
    gst_util_set_object_arg(G_OBJECT(element), "region", "objects");
    gst_util_set_object_arg(G_OBJECT(element), "crop", "none");
    fail_unless_equals_int(gst_element_set_state(element, GST_STATE_READY),
                           GST_STATE_CHANGE_FAILURE);
    GstMessage *message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR);
    gst_message_parse_error(message, &error, NULL);
    fail_unless(strstr(error->message, "region=objects") != NULL, "%s", error->message);
    g_error_free(error);
    gst_message_unref(message);
    gst_element_set_state(element, GST_STATE_NULL);
    gst_element_set_bus(element, NULL);
    gst_object_unref(bus);
    gst_object_unref(element);
}
GST_END_TEST;

static Suite *convnext_objects_suite(void)
{
    Suite *s = suite_create("convnext_objects");
    TCase *tc = tcase_create("objects");

    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_answers);
    tcase_add_test(tc, test_cropped);
    tcase_add_test(tc, test_selection);
    tcase_add_test(tc, test_thin);
    tcase_add_test(tc, test_margin);
    tcase_add_test(tc, test_roi);
    tcase_add_test(tc, test_crop_none);
    return s;
}

GST_CHECK_MAIN(convnext_objects);
