/* The public library: what becomes of the metadata on its way.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstharness.h>
#include <gst/video/video.h>

#include "tests/gst/support/metas.h"

#define CAPS "video/x-raw,format=I420,width=640,height=480,framerate=25/1"

static void check_region(GstConvnextMeta *meta, guint x, guint y, guint width, guint height)
{
    fail_unless(meta, "the metadata is lost");
    fail_unless_equals_int(meta->x, x);
    fail_unless_equals_int(meta->y, y);
    fail_unless_equals_int(meta->width, width);
    fail_unless_equals_int(meta->height, height);
}

/* Pushes a frame through launch and returns what comes out. The frame is kept, so it is shared and
 * elements that write must copy it. */
static GstBuffer *through(const char *launch, const char *caps, GstConvnextResult *result)
{
    GstHarness *harness = gst_harness_new_parse(launch);
    GstBuffer *frame = make_frame(result, 7), *out;
    guint x, y, width, height;

    gst_harness_set_src_caps_str(harness, CAPS);
    if (caps)
        gst_harness_set_sink_caps_str(harness, caps);
    fail_unless_equals_int(gst_harness_push(harness, gst_buffer_ref(frame)), GST_FLOW_OK);
    out = gst_harness_pull(harness);
    fail_unless(out);
    fail_unless(out != frame, "%s did not make a new buffer", launch);
    gst_convnext_result_get_region(result, &x, &y, &width, &height);
    check_region(gst_buffer_get_convnext_meta(frame), x, y, width, height);
    gst_buffer_unref(frame);
    gst_harness_teardown(harness);
    return out;
}

GST_START_TEST(test_copy)
{
    GstConvnextResult *result = make_result("tiny");
    GstBuffer *frame = make_frame(result, 7), *copy = gst_buffer_copy(frame), *part;
    GstConvnextMeta *meta = gst_buffer_get_convnext_meta(copy);

    check_region(meta, 64, 48, 256, 240);
    fail_unless(meta->result == result);
    fail_unless_equals_uint64(meta->age, 7);
    ASSERT_MINI_OBJECT_REFCOUNT(result, "result", 3);

    part = gst_buffer_copy_region(frame, GST_BUFFER_COPY_ALL, 0, 1000);
    check_region(gst_buffer_get_convnext_meta(part), 64, 48, 256, 240);

    gst_buffer_unref(frame);
    gst_buffer_unref(part);
    ASSERT_MINI_OBJECT_REFCOUNT(result, "result", 2);
    gst_buffer_unref(copy);
    ASSERT_MINI_OBJECT_REFCOUNT(result, "result", 1);
    gst_convnext_result_unref(result);
}
GST_END_TEST

GST_START_TEST(test_age)
{
    GstConvnextResult *result = make_result("tiny");
    GstBuffer *frame = make_frame(result, GST_CLOCK_TIME_NONE);

    fail_unless_equals_uint64(gst_buffer_get_convnext_meta(frame)->age, 0);
    gst_buffer_unref(frame);
    gst_convnext_result_unref(result);
}
GST_END_TEST

GST_START_TEST(test_several)
{
    GstConvnextResult *one = make_result("one"), *two = make_result("two"), *got;
    GstBuffer *frame = make_frame(one, 0), *copy;
    gpointer state = NULL;
    GList *list;

    gst_buffer_add_convnext_meta(frame, two, 5);
    copy = gst_buffer_copy(frame);
    gst_buffer_unref(frame);

    fail_unless(gst_buffer_get_convnext_meta(copy)->result == one);
    fail_unless(gst_buffer_iterate_convnext_meta(copy, &state)->result == one);
    fail_unless(gst_buffer_iterate_convnext_meta(copy, &state)->result == two);
    fail_unless(gst_buffer_iterate_convnext_meta(copy, &state) == NULL);
    list = gst_buffer_list_convnext_metas(copy);
    fail_unless_equals_int(g_list_length(list), 2);
    got = gst_convnext_meta_get_result(list->next->data);
    fail_unless(got == two);
    g_list_free(list);
    gst_buffer_unref(copy);

    fail_unless_equals_string(gst_convnext_result_get_model(got), "two");
    gst_convnext_result_unref(got);
    gst_convnext_result_unref(one);
    gst_convnext_result_unref(two);
}
GST_END_TEST

GST_START_TEST(test_read_only_buffer)
{
    GstConvnextResult *result = make_result("tiny");
    GstBuffer *frame = gst_buffer_new();

    fail_unless(!gst_buffer_get_convnext_meta(frame));
    gst_buffer_ref(frame);
    ASSERT_CRITICAL(gst_buffer_add_convnext_meta(frame, result, 0));
    fail_unless(!gst_buffer_get_convnext_meta(frame));
    gst_buffer_unref(frame);
    gst_buffer_unref(frame);
    ASSERT_MINI_OBJECT_REFCOUNT(result, "result", 1);
    gst_convnext_result_unref(result);
}
GST_END_TEST

static const struct {
    const char *launch, *caps;
    guint x, y, width, height;
} ways[] = {
    {"videoscale", "video/x-raw,format=I420,width=320,height=240,framerate=25/1", 32, 24, 128, 120},
    /* 64/640 of 427 is 42.7, (64+256)/640 of 427 is 213.5; of 641 likewise. */
    {"videoscale", "video/x-raw,format=I420,width=427,height=961,framerate=25/1", 43, 96, 171, 481},
    {"videoscale", "video/x-raw,format=I420,width=1,height=1,framerate=25/1", 0, 0, 1, 1},
    {"videoconvert", "video/x-raw,format=RGB,width=640,height=480,framerate=25/1", 64, 48, 256,
     240},
    {"videoscale ! videoconvert", "video/x-raw,format=BGRx,width=1280,height=240,framerate=25/1",
     128, 24, 512, 120},
    {"videobalance contrast=0.5", NULL, 64, 48, 256, 240},
    {"tee name=t ! queue ! fakesink async=false sync=false t. ! queue ! videobalance contrast=0.5",
     NULL, 64, 48, 256, 240},
    {"jpegenc", NULL, 64, 48, 256, 240},
    {"jpegenc ! jpegdec", NULL, 64, 48, 256, 240},
};

GST_START_TEST(test_way)
{
    GstConvnextResult *result = make_result("tiny");
    GstBuffer *out = through(ways[__i__].launch, ways[__i__].caps, result);
    GstConvnextMeta *meta = gst_buffer_get_convnext_meta(out);

    check_region(meta, ways[__i__].x, ways[__i__].y, ways[__i__].width, ways[__i__].height);
    fail_unless(meta->result == result);
    fail_unless_equals_uint64(meta->age, 7);
    gst_buffer_unref(out);
    ASSERT_MINI_OBJECT_REFCOUNT(result, "result", 1);
    gst_convnext_result_unref(result);
}
GST_END_TEST

/* A frame that is scaled away and back keeps a region that covers all of it. */
GST_START_TEST(test_whole_frame)
{
    GstConvnextResult *result = gst_convnext_result_new("tiny", 0);
    GstBuffer *out;

    gst_convnext_result_set_region(result, 0, 0, 640, 480);
    out = through("videoscale ! video/x-raw,width=331,height=17 ! videoscale",
                  "video/x-raw,format=I420,width=1000,height=999,framerate=25/1", result);
    check_region(gst_buffer_get_convnext_meta(out), 0, 0, 1000, 999);
    gst_buffer_unref(out);
    gst_convnext_result_unref(result);
}
GST_END_TEST

static gpointer read_result(gpointer data)
{
    for (guint i = 0; i < 20000; i++) {
        GstBuffer *copy = gst_buffer_copy(data);
        GstConvnextResult *result =
            gst_convnext_meta_get_result(gst_buffer_get_convnext_meta(copy));
        GstConvnextTensor *tensor = gst_convnext_result_get_tensor(result, "stage1");

        gst_buffer_unref(copy);
        gst_convnext_result_unref(result);
        gst_convnext_tensor_unref(tensor);
    }
    return NULL;
}

/* However small the frame, the region has at least a pixel, and is inside. */
GST_START_TEST(test_tiny_region)
{
    GstConvnextResult *result = gst_convnext_result_new("tiny", 0);
    GstBuffer *out;

    gst_convnext_result_set_region(result, 639, 200, 1, 2);
    out = through("videoscale", "video/x-raw,format=I420,width=8,height=8,framerate=25/1", result);
    check_region(gst_buffer_get_convnext_meta(out), 7, 3, 1, 1);
    gst_buffer_unref(out);
    gst_convnext_result_unref(result);
}
GST_END_TEST

GST_START_TEST(test_threads)
{
    const gsize dims[] = {1};
    const float value = 1;
    GstConvnextResult *result = make_result("tiny");
    GstBuffer *frame;
    GThread *threads[4];

    gst_convnext_result_take_tensor(result,
                                    gst_convnext_tensor_new_copy("stage1", 1, dims, &value));
    frame = make_frame(result, 0);
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new(NULL, read_result, frame);
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
    ASSERT_MINI_OBJECT_REFCOUNT(result, "result", 2);
    gst_buffer_unref(frame);
    gst_convnext_result_unref(result);
}
GST_END_TEST

static Suite *meta_suite(void)
{
    Suite *suite = suite_create("meta");
    TCase *tc = tcase_create("general");

    suite_add_tcase(suite, tc);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, test_copy);
    tcase_add_test(tc, test_age);
    tcase_add_test(tc, test_several);
    tcase_add_test(tc, test_read_only_buffer);
    tcase_add_loop_test(tc, test_way, 0, G_N_ELEMENTS(ways));
    tcase_add_test(tc, test_whole_frame);
    tcase_add_test(tc, test_tiny_region);
    tcase_add_test(tc, test_threads);
    return suite;
}

GST_CHECK_MAIN(meta)
