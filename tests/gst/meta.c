/* The public library: GstConvnextMeta across copies, conversions, scaling and cropping.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstharness.h>
#include <gst/video/video.h>

#include "tests/gst/support/harness.h"
#include "tests/gst/support/metas.h"

#define CAPS "video/x-raw,format=I420,width=640,height=480,framerate=25/1"

static void check_region(GstConvnextMeta *meta, guint x, guint y, guint width, guint height)
{
    fail_unless(meta, "no metadata");
    fail_unless_equals_int(meta->x, x);
    fail_unless_equals_int(meta->y, y);
    fail_unless_equals_int(meta->width, width);
    fail_unless_equals_int(meta->height, height);
}

static gboolean is_at_least(guint major, guint minor)
{
    guint own_major, own_minor, micro, nano;

    gst_version(&own_major, &own_minor, &micro, &nano);
    return own_major > major || (own_major == major && own_minor >= minor);
}

/* Pushes a frame through the elements of launch and returns the frame that comes out. The input
 * frame is shared, so elements that write must copy it. */
static GstBuffer *process(const char *launch, const char *caps, GstConvnextResult *result)
{
    g_autoptr(GstHarness) harness = gst_harness_new_parse(launch);
    g_autoptr(GstBuffer) frame = make_frame(result, 7);
    guint x, y, width, height;

    gst_harness_set_src_caps_str(harness, CAPS);
    if (caps)
        gst_harness_set_sink_caps_str(harness, caps);
    fail_unless_equals_int(gst_harness_push(harness, gst_buffer_ref(frame)), GST_FLOW_OK);
    GstBuffer *out = gst_harness_pull(harness);
    fail_unless(out);
    fail_unless(out != frame, "%s did not make a new buffer", launch);
    gst_convnext_result_get_region(result, &x, &y, &width, &height);
    check_region(gst_buffer_get_convnext_meta(frame), x, y, width, height);
    return out;
}

/* A copy of a buffer, or of a part of it, has the same result, region and age. */
GST_START_TEST(test_copy)
{
    g_autoptr(GstConvnextResult) result = make_result("tiny");
    GstBuffer *frame = make_frame(result, 7), *copy = gst_buffer_copy(frame);
    GstConvnextMeta *meta = gst_buffer_get_convnext_meta(copy);

    check_region(meta, 64, 48, 256, 240);
    fail_unless(meta->result == result);
    fail_unless_equals_uint64(meta->age, 7);
    ASSERT_MINI_OBJECT_REFCOUNT(result, "result", 3);

    GstBuffer *part = gst_buffer_copy_region(frame, GST_BUFFER_COPY_ALL, 0, 1000);
    check_region(gst_buffer_get_convnext_meta(part), 64, 48, 256, 240);

    gst_buffer_unref(frame);
    gst_buffer_unref(part);
    ASSERT_MINI_OBJECT_REFCOUNT(result, "result", 2);
    gst_buffer_unref(copy);
    ASSERT_MINI_OBJECT_REFCOUNT(result, "result", 1);
}
GST_END_TEST;

/* An unknown age is stored as 0. */
GST_START_TEST(test_age)
{
    g_autoptr(GstConvnextResult) result = make_result("tiny");
    g_autoptr(GstBuffer) frame = make_frame(result, GST_CLOCK_TIME_NONE);

    fail_unless_equals_uint64(gst_buffer_get_convnext_meta(frame)->age, 0);
}
GST_END_TEST;

/* A buffer may have several results, in their order. */
GST_START_TEST(test_several)
{
    g_autoptr(GstConvnextResult) one = make_result("one");
    g_autoptr(GstConvnextResult) two = make_result("two");
    GstBuffer *frame = make_frame(one, 0);
    gpointer state = NULL;

    gst_buffer_add_convnext_meta(frame, two, 5);
    GstBuffer *copy = gst_buffer_copy(frame);
    gst_buffer_unref(frame);

    fail_unless(gst_buffer_get_convnext_meta(copy)->result == one);
    fail_unless(gst_buffer_iterate_convnext_meta(copy, &state)->result == one);
    fail_unless(gst_buffer_iterate_convnext_meta(copy, &state)->result == two);
    fail_unless(gst_buffer_iterate_convnext_meta(copy, &state) == NULL);
    g_autoptr(GList) list = gst_buffer_list_convnext_metas(copy);
    fail_unless_equals_int(g_list_length(list), 2);
    g_autoptr(GstConvnextResult) last = gst_convnext_meta_get_result(list->next->data);
    fail_unless(last == two);
    gst_buffer_unref(copy);

    fail_unless_equals_string(gst_convnext_result_get_model(last), "two");
}
GST_END_TEST;

/* Adding metadata to a read-only buffer is a critical warning. */
GST_START_TEST(test_read_only_buffer)
{
    g_autoptr(GstConvnextResult) result = make_result("tiny");
    GstBuffer *frame = gst_buffer_new();

    fail_unless(!gst_buffer_get_convnext_meta(frame));
    gst_buffer_ref(frame);
    ASSERT_CRITICAL(gst_buffer_add_convnext_meta(frame, result, 0));
    fail_unless(!gst_buffer_get_convnext_meta(frame));
    gst_buffer_unref(frame);
    gst_buffer_unref(frame);
    ASSERT_MINI_OBJECT_REFCOUNT(result, "result", 1);
}
GST_END_TEST;

static const struct {
    const char *launch, *caps;
    guint x, y, width, height;
} conversions[] = {
    {"videoscale", "video/x-raw,format=I420,width=320,height=240,framerate=25/1", 32, 24, 128, 120},
    /* 64/640 of 427 is 42.7, and (64+256)/640 of 427 is 213.5. */
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

/* The metadata survives conversions, and scaling scales its region. */
GST_START_TEST(test_conversion)
{
    g_autoptr(GstConvnextResult) result = make_result("tiny");
    GstBuffer *out = process(conversions[__i__].launch, conversions[__i__].caps, result);
    GstConvnextMeta *meta = gst_buffer_get_convnext_meta(out);

    check_region(meta, conversions[__i__].x, conversions[__i__].y, conversions[__i__].width,
                 conversions[__i__].height);
    fail_unless(meta->result == result);
    fail_unless_equals_uint64(meta->age, 7);
    gst_buffer_unref(out);
    ASSERT_MINI_OBJECT_REFCOUNT(result, "result", 1);
}
GST_END_TEST;

/* A region that covers the whole frame still does after scaling down and up. */
GST_START_TEST(test_whole_frame)
{
    g_autoptr(GstConvnextResult) result = gst_convnext_result_new("tiny", 0);

    gst_convnext_result_set_region(result, 0, 0, 640, 480);
    g_autoptr(GstBuffer) out =
        process("videoscale ! video/x-raw,width=331,height=17 ! videoscale",
                "video/x-raw,format=I420,width=1000,height=999,framerate=25/1", result);
    check_region(gst_buffer_get_convnext_meta(out), 0, 0, 1000, 999);
}
GST_END_TEST;

static void check_located(GstBuffer *frame, guint frame_width, guint frame_height, guint x, guint y,
                          guint width, guint height)
{
    GstConvnextMeta *meta = gst_buffer_get_convnext_meta(frame);
    guint values[4] = {1, 1, 1, 1};

    fail_unless_equals_int(gst_buffer_get_convnext_region(frame, meta, frame_width, frame_height,
                                                          &values[0], &values[1], &values[2],
                                                          &values[3]),
                           width > 0);
    fail_unless(values[0] == x && values[1] == y && values[2] == width && values[3] == height,
                "%u,%u %ux%u, expected %u,%u %ux%u", values[0], values[1], values[2], values[3], x,
                y, width, height);
    gst_buffer_get_convnext_region(frame, meta, 0, 0, NULL, NULL, NULL, NULL);
}

/* Behind an element that does not tell what it does to the frame, the result has no region. */
GST_START_TEST(test_unknown_region)
{
    g_autoptr(GstConvnextResult) result = make_result("tiny");
    g_autoptr(GstBuffer) out = process("alpha method=green", NULL, result);
    GstConvnextMeta *meta = gst_buffer_get_convnext_meta(out);

    check_region(meta, 0, 0, 0, 0);
    check_located(out, 640, 480, 0, 0, 0, 0);
    fail_unless(meta->result == result);
    fail_unless_equals_uint64(meta->age, 7);
    g_autoptr(GstBuffer) copy = gst_buffer_copy(out);
    check_region(gst_buffer_get_convnext_meta(copy), 0, 0, 0, 0);
}
GST_END_TEST;

/* Scaling that adds borders, or may add them, does not tell where the picture is. */
GST_START_TEST(test_borders)
{
    g_autoptr(GstConvnextResult) result = make_result("tiny");
    g_autoptr(GstBuffer) out = process(
        "videoscale",
        "video/x-raw,format=I420,width=320,height=320,pixel-aspect-ratio=1/1,framerate=25/1",
        result);
    GstConvnextMeta *meta = gst_buffer_get_convnext_meta(out);

    if (is_at_least(1, 28))
        check_region(meta, 32, 64, 128, 120);
    else
        check_region(meta, 0, 0, 0, 0);
}
GST_END_TEST;

/* The region refers to a frame of a certain size. */
GST_START_TEST(test_frame_size)
{
    g_autoptr(GstConvnextResult) result = make_result("tiny");
    g_autoptr(GstBuffer) frame = make_frame(result, 0);

    check_located(frame, 640, 480, 64, 48, 256, 240);
    check_located(frame, 0, 0, 64, 48, 256, 240);
    check_located(frame, 320, 240, 0, 0, 0, 0);
    g_autoptr(GstBuffer) out = process(
        "videoscale", "video/x-raw,format=I420,width=320,height=240,framerate=25/1", result);
    check_located(out, 320, 240, 32, 24, 128, 120);
    check_located(out, 640, 480, 0, 0, 0, 0);
}
GST_END_TEST;

static const struct {
    const char *launch;
    guint frame_width, frame_height, x, y, width, height;
} crops[] = {
    {"videocrop left=32 top=16", 608, 464, 32, 32, 256, 240},
    {"videocrop left=128 top=100", 512, 380, 0, 0, 192, 188},
    {"videocrop right=440 bottom=300", 200, 180, 64, 48, 136, 132},
    {"videocrop left=320", 320, 480, 0, 0, 0, 0},
    {"videocrop left=32 top=16 ! videocrop left=16 right=8", 584, 464, 16, 32, 256, 240},
};

/* If the elements behind it can read a GstVideoCropMeta, videocrop copies no pixels. */
GST_START_TEST(test_crop)
{
    g_autoptr(GstConvnextResult) result = make_result("tiny");
    g_autoptr(GstHarness) harness = gst_harness_new_parse(crops[__i__].launch);

    gst_harness_add_propose_allocation_meta(harness, GST_VIDEO_META_API_TYPE, NULL);
    gst_harness_add_propose_allocation_meta(harness, GST_VIDEO_CROP_META_API_TYPE, NULL);
    gst_harness_set_src_caps_str(harness, CAPS);
    fail_unless_equals_int(gst_harness_push(harness, make_frame(result, 7)), GST_FLOW_OK);
    g_autoptr(GstBuffer) out = gst_harness_pull(harness);
    fail_unless(gst_buffer_get_video_crop_meta(out));
    check_located(out, crops[__i__].frame_width, crops[__i__].frame_height, crops[__i__].x,
                  crops[__i__].y, crops[__i__].width, crops[__i__].height);
    check_located(out, 640, 480, 0, 0, 0, 0);
}
GST_END_TEST;

static void add_crop(GstBuffer *frame, guint x, guint y, guint width, guint height)
{
    GstVideoCropMeta *crop = gst_buffer_add_video_crop_meta(frame);

    crop->x = x;
    crop->y = y;
    crop->width = width;
    crop->height = height;
}

/* A region refers to what the crop makes visible that the frame had when it got the result. */
GST_START_TEST(test_earlier_crop)
{
    g_autoptr(GstConvnextResult) result = make_result("tiny");
    g_autoptr(GstBuffer) frame = gst_buffer_new();

    add_crop(frame, 100, 50, 640, 480);
    gst_buffer_add_convnext_meta(frame, result, 0);
    check_located(frame, 640, 480, 64, 48, 256, 240);
    g_autoptr(GstBuffer) copy = gst_buffer_copy(frame);
    check_located(copy, 640, 480, 64, 48, 256, 240);
    gst_buffer_get_video_crop_meta(copy)->x += 32;
    gst_buffer_get_video_crop_meta(copy)->width -= 32;
    check_located(copy, 608, 480, 32, 48, 256, 240);
    gst_buffer_remove_meta(copy, (GstMeta *)gst_buffer_get_video_crop_meta(copy));
    check_located(copy, 640, 480, 0, 0, 0, 0);
}
GST_END_TEST;

static gboolean transform_meta(GstBuffer *frame, GstMeta **meta, gpointer dest)
{
    GstVideoInfo in, out;
    GstVideoMetaTransform scale = {&in, &out};

    gst_video_info_set_format(&in, GST_VIDEO_FORMAT_I420, 640, 480);
    gst_video_info_set_format(&out, GST_VIDEO_FORMAT_I420, 320, 240);
    if ((*meta)->info->api != GST_VIDEO_CROP_META_API_TYPE)
        (*meta)->info->transform_func(dest, *meta, frame,
                                      gst_video_meta_transform_scale_get_quark(), &scale);
    return TRUE;
}

/* Where a crop says which part of a picture is the frame, scaling tells metadata too little. */
GST_START_TEST(test_scaled_crop)
{
    g_autoptr(GstConvnextResult) result = make_result("tiny");
    g_autoptr(GstBuffer) frame = make_frame(result, 0);
    g_autoptr(GstBuffer) scaled = gst_buffer_new();
    g_autoptr(GstBuffer) scaled_crop = gst_buffer_new();

    gst_buffer_foreach_meta(frame, transform_meta, scaled);
    check_located(scaled, 320, 240, 32, 24, 128, 120);
    add_crop(frame, 16, 0, 624, 480);
    gst_buffer_foreach_meta(frame, transform_meta, scaled_crop);
    check_located(scaled_crop, 320, 240, 0, 0, 0, 0);
}
GST_END_TEST;

static gboolean remove_tagged(GstBuffer *frame, GstMeta **meta, gpointer tag)
{
    if (gst_meta_api_type_has_tag((*meta)->info->api, g_quark_from_string(tag)))
        *meta = NULL;
    return TRUE;
}

static const char *const tags[] = {GST_META_TAG_VIDEO_STR, GST_META_TAG_VIDEO_SIZE_STR,
                                   GST_META_TAG_VIDEO_ORIENTATION_STR};

/* Elements may also remove the metadata that depends on what they change from their own buffer. */
GST_START_TEST(test_removed)
{
    g_autoptr(GstConvnextResult) result = make_result("tiny");
    g_autoptr(GstBuffer) frame = make_frame(result, 0);

    gst_buffer_foreach_meta(frame, remove_tagged, (gpointer)tags[__i__]);
    fail_unless(gst_buffer_get_convnext_meta(frame)->result == result);
    check_located(frame, 640, 480, 0, 0, 0, 0);
}
GST_END_TEST;

static gboolean prepend_meta(GstBuffer *frame, GstMeta **meta, gpointer data)
{
    *(GSList **)data = g_slist_prepend(*(GSList **)data, *meta);
    return TRUE;
}

/* The order in which an element transforms metadata does not matter. */
GST_START_TEST(test_order)
{
    g_autoptr(GstConvnextResult) one = make_result("one");
    g_autoptr(GstConvnextResult) two = make_result("two");
    g_autoptr(GstBuffer) frame = make_frame(one, 0);
    g_autoptr(GstBuffer) copy = gst_buffer_new();
    g_autoptr(GSList) metas = NULL;
    GstMetaTransformCopy all = {FALSE, 0, (gsize)-1};

    gst_buffer_add_convnext_meta(frame, two, 0)->x = 65;
    gst_buffer_foreach_meta(frame, prepend_meta, &metas);
    for (GSList *l = metas; l; l = l->next) {
        GstMeta *meta = l->data;

        meta->info->transform_func(copy, meta, frame, _gst_meta_transform_copy, &all);
    }
    GstConvnextMeta *meta = gst_buffer_get_convnext_meta(copy);
    fail_unless(meta->result == two);
    check_region(meta, 65, 48, 256, 240);
    check_located(copy, 640, 480, 65, 48, 256, 240);
}
GST_END_TEST;

/* Copies a frame and reads its result many times. */
static gpointer read_results(gpointer data)
{
    for (guint i = 0; i < 20000; i++) {
        g_autoptr(GstBuffer) copy = gst_buffer_copy(data);
        g_autoptr(GstConvnextResult) result =
            gst_convnext_meta_get_result(gst_buffer_get_convnext_meta(copy));
        g_autoptr(GstConvnextTensor) tensor = gst_convnext_result_get_tensor(result, "stage1");
    }
    return NULL;
}

/* The region of a frame that becomes very small has at least one pixel and stays inside. */
GST_START_TEST(test_tiny_region)
{
    g_autoptr(GstConvnextResult) result = gst_convnext_result_new("tiny", 0);

    gst_convnext_result_set_region(result, 639, 200, 1, 2);
    g_autoptr(GstBuffer) out =
        process("videoscale", "video/x-raw,format=I420,width=8,height=8,framerate=25/1", result);
    check_region(gst_buffer_get_convnext_meta(out), 7, 3, 1, 1);
}
GST_END_TEST;

/* Several threads may copy a buffer and read its result. */
GST_START_TEST(test_threads)
{
    g_autoptr(GstConvnextResult) result = make_result("tiny");
    const gsize dims[] = {1};
    const float value = 1;
    GThread *threads[4];

    gst_convnext_result_take_tensor(result,
                                    gst_convnext_tensor_new_copy("stage1", 1, dims, &value));
    g_autoptr(GstBuffer) frame = make_frame(result, 0);
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new(NULL, read_results, frame);
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
    ASSERT_MINI_OBJECT_REFCOUNT(result, "result", 2);
}
GST_END_TEST;

static Suite *meta_suite(void)
{
    Suite *suite = suite_create("meta");
    TCase *tc = tcase_create("meta");

    suite_add_tcase(suite, tc);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, test_copy);
    tcase_add_test(tc, test_age);
    tcase_add_test(tc, test_several);
    tcase_add_test(tc, test_read_only_buffer);
    tcase_add_loop_test(tc, test_conversion, 0, G_N_ELEMENTS(conversions));
    tcase_add_test(tc, test_whole_frame);
    tcase_add_test(tc, test_tiny_region);
    tcase_add_test(tc, test_unknown_region);
    tcase_add_test(tc, test_borders);
    tcase_add_test(tc, test_frame_size);
    tcase_add_loop_test(tc, test_crop, 0, G_N_ELEMENTS(crops));
    tcase_add_test(tc, test_earlier_crop);
    tcase_add_test(tc, test_scaled_crop);
    tcase_add_loop_test(tc, test_removed, 0, G_N_ELEMENTS(tags));
    tcase_add_test(tc, test_order);
    tcase_add_test(tc, test_threads);
    return suite;
}

GST_CHECK_MAIN(meta);
