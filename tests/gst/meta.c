/* The public library: results and tensors, and what becomes of the metadata on its way.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>
#include <gst/convnext/convnext.h>
#include <gst/video/video.h>

#define CAPS "video/x-raw,format=I420,width=640,height=480,framerate=25/1"

/* A result about the region (64, 48) to (320, 288) of a 640x480 frame. */
static GstConvnextResult *make_result(const gchar *model)
{
    GstConvnextResult *result = gst_convnext_result_new(model, 40 * GST_MSECOND);

    gst_convnext_result_set_frame_size(result, 640, 480);
    gst_convnext_result_set_region(result, 64, 48, 256, 240);
    gst_convnext_result_set_activation(result, GST_CONVNEXT_ACTIVATION_SOFTMAX);
    gst_convnext_result_set_times(result, 1500000, 25000000);
    gst_convnext_result_add_class(result, 281, "tabby", 0.75f);
    gst_convnext_result_add_class(result, 282, NULL, 0.125f);
    return result;
}

static GstBuffer *make_frame(GstConvnextResult *result, GstClockTime age)
{
    GstBuffer *buffer = gst_buffer_new_allocate(NULL, 640 * 480 * 3 / 2, NULL);

    gst_buffer_memset(buffer, 0, 128, -1);
    GST_BUFFER_PTS(buffer) = 0;
    fail_unless(gst_buffer_add_convnext_meta(buffer, result, age) != NULL);
    return buffer;
}

static void check_region(GstConvnextMeta *meta, guint x, guint y, guint width, guint height)
{
    fail_unless(meta != NULL, "the metadata is lost");
    fail_unless_equals_int(meta->x, x);
    fail_unless_equals_int(meta->y, y);
    fail_unless_equals_int(meta->width, width);
    fail_unless_equals_int(meta->height, height);
}

/* Pushes a frame through launch and returns what comes out. The frame is kept, so it is shared and
 * elements that write must copy it. */
static GstBuffer *through(const gchar *launch, const gchar *caps, GstConvnextResult *result)
{
    GstHarness *harness = gst_harness_new_parse(launch);
    GstBuffer *frame = make_frame(result, 7), *out;
    guint x, y, width, height;

    gst_harness_set_src_caps_str(harness, CAPS);
    if (caps)
        gst_harness_set_sink_caps_str(harness, caps);
    fail_unless_equals_int(gst_harness_push(harness, gst_buffer_ref(frame)), GST_FLOW_OK);
    out = gst_harness_pull(harness);
    fail_unless(out != NULL);
    fail_unless(out != frame, "%s did not make a new buffer", launch);
    gst_convnext_result_get_region(result, &x, &y, &width, &height);
    check_region(gst_buffer_get_convnext_meta(frame), x, y, width, height);
    gst_buffer_unref(frame);
    gst_harness_teardown(harness);
    return out;
}

GST_START_TEST(test_result)
{
    GstConvnextResult *result = make_result("tiny");
    guint x, y, width, height, n;
    const GstConvnextClass *classes;
    const gchar *label = "untouched";
    GList *list;

    fail_unless_equals_string(gst_convnext_result_get_model(result), "tiny");
    fail_unless_equals_uint64(gst_convnext_result_get_pts(result), 40 * GST_MSECOND);
    gst_convnext_result_get_region(result, &x, &y, &width, &height);
    fail_unless(x == 64 && y == 48 && width == 256 && height == 240);
    gst_convnext_result_get_region(result, NULL, NULL, NULL, NULL);
    gst_convnext_result_get_frame_size(result, &width, &height);
    fail_unless(width == 640 && height == 480);
    fail_unless_equals_int(gst_convnext_result_get_activation(result),
                           GST_CONVNEXT_ACTIVATION_SOFTMAX);
    fail_unless_equals_uint64(gst_convnext_result_get_preprocess_time(result), 1500000);
    fail_unless_equals_uint64(gst_convnext_result_get_inference_time(result), 25000000);
    fail_if(gst_convnext_result_get_object(result, NULL, &label));
    fail_unless(label == NULL);

    classes = gst_convnext_result_get_classes(result, &n);
    fail_unless_equals_int(n, 2);
    fail_unless(classes[0].index == 281 && classes[0].score == 0.75f);
    fail_unless_equals_string(classes[0].label, "tabby");
    fail_unless(classes[1].index == 282 && classes[1].label == NULL);

    list = gst_convnext_result_list_classes(result);
    gst_convnext_result_unref(result);
    fail_unless_equals_int(g_list_length(list), 2);
    fail_unless_equals_string(((GstConvnextClass *)list->data)->label, "tabby");
    g_list_free_full(list, (GDestroyNotify)gst_convnext_class_free);
}
GST_END_TEST

GST_START_TEST(test_object)
{
    GstConvnextResult *result = gst_convnext_result_new("tiny", GST_CLOCK_TIME_NONE);
    const gchar *label;
    gint id;

    gst_convnext_result_set_object(result, 3, "person");
    gst_convnext_result_set_object(result, 4, "car");
    fail_unless(gst_convnext_result_get_object(result, &id, &label));
    fail_unless_equals_int(id, 4);
    fail_unless_equals_string(label, "car");
    gst_convnext_result_unref(result);
}
GST_END_TEST

/* Once shared, a result cannot be changed. */
GST_START_TEST(test_immutable)
{
    GstConvnextResult *result = make_result("tiny");
    GstBuffer *frame = make_frame(result, 0);
    GstConvnextTensor *tensor;
    guint n;
    const gsize dims[] = {1};
    const gfloat value = 1;

    ASSERT_CRITICAL(gst_convnext_result_add_class(result, 1, "late", 0.f));
    ASSERT_CRITICAL(gst_convnext_result_set_region(result, 1, 2, 3, 4));
    ASSERT_CRITICAL(gst_convnext_result_set_object(result, 1, "late"));
    tensor = gst_convnext_tensor_new_copy("stage1", 1, dims, &value);
    ASSERT_CRITICAL(gst_convnext_result_take_tensor(result, tensor));
    gst_convnext_tensor_unref(tensor);

    gst_convnext_result_get_classes(result, &n);
    fail_unless_equals_int(n, 2);
    fail_unless_equals_int(gst_convnext_result_get_n_tensors(result), 0);
    fail_if(gst_convnext_result_get_object(result, NULL, NULL));
    gst_convnext_result_unref(result);
    gst_buffer_unref(frame);
}
GST_END_TEST

GST_START_TEST(test_tensor)
{
    const gsize dims[] = {1, 2, 3, 4};
    gfloat values[24];
    GstConvnextResult *result = make_result("tiny");
    GstConvnextTensor *tensor;
    GBytes *bytes;
    const gfloat *read;
    guint n_dims;
    gsize n;

    for (guint i = 0; i < G_N_ELEMENTS(values); i++)
        values[i] = i * 0.37f;
    gst_convnext_result_take_tensor(result,
                                    gst_convnext_tensor_new_copy("stage1", 4, dims, values));
    fail_unless(gst_convnext_result_get_tensor(result, "stage2") == NULL);
    tensor = gst_convnext_result_get_tensor(result, "stage1");
    fail_unless(tensor == gst_convnext_result_peek_tensor(result, 0));
    gst_convnext_result_unref(result);

    fail_unless_equals_string(gst_convnext_tensor_get_name(tensor), "stage1");
    fail_unless(!memcmp(gst_convnext_tensor_get_shape(tensor, &n_dims), dims, sizeof(dims)));
    fail_unless_equals_int(n_dims, 4);
    read = gst_convnext_tensor_get_values(tensor, &n);
    fail_unless_equals_int(n, 24);
    fail_unless(read != values && !memcmp(read, values, sizeof(values)));
    fail_unless_equals_int((gsize)read % 64, 0);

    bytes = gst_convnext_tensor_get_bytes(tensor);
    gst_convnext_tensor_unref(tensor);
    fail_unless(g_bytes_get_data(bytes, &n) == read && n == sizeof(values));
    fail_unless(!memcmp(g_bytes_get_data(bytes, NULL), values, sizeof(values)));
    g_bytes_unref(bytes);
}
GST_END_TEST

static GstConvnextTensor *tensor_of_bytes(gsize size, gsize offset, guint n_dims, const gsize *dims)
{
    GstMemory *memory = gst_allocator_alloc(NULL, size + offset, NULL);

    gst_memory_resize(memory, offset, size);
    return gst_convnext_tensor_new("x", n_dims, dims, memory);
}

GST_START_TEST(test_tensor_memory)
{
    const gsize dims[] = {2, 3}, huge[] = {G_MAXSIZE / 2, 4}, none[] = {0, 3};
    GstConvnextTensor *tensor = tensor_of_bytes(24, 0, 2, dims);
    GstMapInfo map;
    gsize n;

    fail_unless(tensor != NULL);
    fail_if(gst_memory_map(gst_convnext_tensor_get_memory(tensor), &map, GST_MAP_WRITE),
            "the values of a tensor can be written");
    gst_convnext_tensor_unref(tensor);

    fail_unless(tensor_of_bytes(20, 0, 2, dims) == NULL);
    fail_unless(tensor_of_bytes(28, 0, 2, dims) == NULL);
    fail_unless(tensor_of_bytes(24, 2, 2, dims) == NULL);
    fail_unless(tensor_of_bytes(24, 0, 2, huge) == NULL);
    tensor = tensor_of_bytes(0, 0, 2, none);
    fail_unless(tensor != NULL);
    gst_convnext_tensor_get_values(tensor, &n);
    fail_unless_equals_int(n, 0);
    gst_convnext_tensor_unref(tensor);
}
GST_END_TEST

GST_START_TEST(test_structure)
{
    GstConvnextResult *result = make_result("tiny");
    const gsize dims[] = {1};
    const gfloat value = 1;
    GstStructure *structure;
    gchar *text;

    gst_convnext_result_take_tensor(result,
                                    gst_convnext_tensor_new_copy("embedding", 1, dims, &value));
    structure = gst_convnext_result_to_structure(result);
    text = gst_structure_to_string(structure);
    fail_unless_equals_string(
        text, "convnext, model=(string)tiny, pts=(guint64)40000000, width=(uint)640, "
              "height=(uint)480, region=(uint)< 64, 48, 256, 240 >, "
              "activation=(GstConvnextActivation)softmax, classes=(structure)< "
              "\"class\\,\\ index\\=\\(uint\\)281\\,\\ score\\=\\(float\\)0.75\\,\\ "
              "label\\=\\(string\\)tabby\\;\", "
              "\"class\\,\\ index\\=\\(uint\\)282\\,\\ score\\=\\(float\\)0.125\\;\" >, "
              "tensors=(string)< embedding >, preprocess-time=(guint64)1500000, "
              "inference-time=(guint64)25000000;");
    g_free(text);
    gst_structure_free(structure);
    gst_convnext_result_unref(result);

    result = gst_convnext_result_new("tiny", GST_CLOCK_TIME_NONE);
    structure = gst_convnext_result_to_structure(result);
    fail_unless_equals_int(gst_structure_n_fields(structure), 1);
    gst_structure_free(structure);
    gst_convnext_result_unref(result);
}
GST_END_TEST

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

    fail_unless(gst_buffer_get_convnext_meta(frame) == NULL);
    gst_buffer_ref(frame);
    ASSERT_CRITICAL(gst_buffer_add_convnext_meta(frame, result, 0));
    fail_unless(gst_buffer_get_convnext_meta(frame) == NULL);
    gst_buffer_unref(frame);
    gst_buffer_unref(frame);
    ASSERT_MINI_OBJECT_REFCOUNT(result, "result", 1);
    gst_convnext_result_unref(result);
}
GST_END_TEST

static const struct {
    const gchar *launch, *caps;
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
    const gfloat value = 1;
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
    tcase_add_test(tc, test_result);
    tcase_add_test(tc, test_object);
    tcase_add_test(tc, test_immutable);
    tcase_add_test(tc, test_tensor);
    tcase_add_test(tc, test_tensor_memory);
    tcase_add_test(tc, test_structure);
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
