/* The public library: results and tensors.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/gst/support/metas.h"

/* A result returns what was set, and its list of classes outlives it. */
GST_START_TEST(test_result)
{
    GstConvnextResult *result = make_result("tiny");
    guint x, y, width, height, n;
    const GstConvnextClass *classes;
    const char *label = "untouched";
    GList *list;

    fail_unless_equals_string(gst_convnext_result_get_model(result), "tiny");
    fail_unless_equals_uint64(gst_convnext_result_get_pts(result), 40 * GST_MSECOND);
    gst_convnext_result_get_region(result, &x, &y, &width, &height);
    fail_unless(x == 64 && y == 48 && width == 256 && height == 240);
    gst_convnext_result_get_region(result, NULL, NULL, NULL, NULL);
    gst_convnext_result_get_frame_size(result, &width, &height);
    fail_unless(width == 640 && height == 480);
    fail_unless_equals_int(gst_convnext_result_get_orientation(result),
                           GST_CONVNEXT_ORIENTATION_IDENTITY);
    gst_convnext_result_set_orientation(result, GST_CONVNEXT_ORIENTATION_UR_LL);
    fail_unless_equals_int(gst_convnext_result_get_orientation(result),
                           GST_CONVNEXT_ORIENTATION_UR_LL);
    ASSERT_CRITICAL(gst_convnext_result_set_orientation(result, GST_CONVNEXT_ORIENTATION_AUTO));
    fail_unless_equals_int(gst_convnext_result_get_activation(result),
                           GST_CONVNEXT_ACTIVATION_SOFTMAX);
    fail_unless_equals_uint64(gst_convnext_result_get_preprocess_time(result), 1500000);
    fail_unless_equals_uint64(gst_convnext_result_get_inference_time(result), 25000000);
    fail_if(gst_convnext_result_get_object(result, NULL, &label));
    fail_unless(!label);

    classes = gst_convnext_result_get_classes(result, &n);
    fail_unless_equals_int(n, 2);
    fail_unless(classes[0].index == 281 && classes[0].score == 0.75f);
    fail_unless_equals_string(classes[0].label, "tabby");
    fail_unless(classes[1].index == 282 && !classes[1].label);

    list = gst_convnext_result_list_classes(result);
    gst_convnext_result_unref(result);
    fail_unless_equals_int(g_list_length(list), 2);
    fail_unless_equals_string(((GstConvnextClass *)list->data)->label, "tabby");
    g_list_free_full(list, (GDestroyNotify)gst_convnext_class_free);
}
GST_END_TEST;

/* Setting the object again replaces the first one. */
GST_START_TEST(test_object)
{
    g_autoptr(GstConvnextResult) result = gst_convnext_result_new("tiny", GST_CLOCK_TIME_NONE);
    const char *label;
    int id;

    gst_convnext_result_set_object(result, 3, "person");
    gst_convnext_result_set_object(result, 4, "car");
    fail_unless(gst_convnext_result_get_object(result, &id, &label));
    fail_unless_equals_int(id, 4);
    fail_unless_equals_string(label, "car");
}
GST_END_TEST;

/* A shared result cannot be changed. */
GST_START_TEST(test_immutable)
{
    g_autoptr(GstConvnextResult) result = make_result("tiny");
    g_autoptr(GstBuffer) frame = make_frame(result, 0);
    guint n;
    const gsize dims[] = {1};
    const float value = 1;

    ASSERT_CRITICAL(gst_convnext_result_add_class(result, 1, "late", 0.f));
    ASSERT_CRITICAL(gst_convnext_result_set_region(result, 1, 2, 3, 4));
    ASSERT_CRITICAL(gst_convnext_result_set_object(result, 1, "late"));
    ASSERT_CRITICAL(gst_convnext_result_set_orientation(result, GST_CONVNEXT_ORIENTATION_90L));
    g_autoptr(GstConvnextTensor) tensor = gst_convnext_tensor_new_copy("stage1", 1, dims, &value);
    ASSERT_CRITICAL(gst_convnext_result_take_tensor(result, tensor));

    gst_convnext_result_get_classes(result, &n);
    fail_unless_equals_int(n, 2);
    fail_unless_equals_int(gst_convnext_result_get_n_tensors(result), 0);
    fail_if(gst_convnext_result_get_object(result, NULL, NULL));
}
GST_END_TEST;

/* A tensor copies its values to aligned memory, and it outlives its result. */
GST_START_TEST(test_tensor)
{
    const gsize dims[] = {1, 2, 3, 4};
    float values[24];
    GstConvnextResult *result = make_result("tiny");
    GstConvnextTensor *tensor;
    const float *read;
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

    g_autoptr(GBytes) bytes = gst_convnext_tensor_get_bytes(tensor);
    gst_convnext_tensor_unref(tensor);
    fail_unless(g_bytes_get_data(bytes, &n) == read && n == sizeof(values));
    fail_unless(!memcmp(g_bytes_get_data(bytes, NULL), values, sizeof(values)));
}
GST_END_TEST;

/* A tensor of size bytes that begin at offset in their memory. */
static GstConvnextTensor *make_tensor(gsize size, gsize offset, guint n_dims, const gsize *dims)
{
    GstMemory *memory = gst_allocator_alloc(NULL, size + offset, NULL);

    gst_memory_resize(memory, offset, size);
    return gst_convnext_tensor_new("x", n_dims, dims, memory);
}

/* A tensor's memory is read-only. Memory of the wrong size or alignment is refused. */
GST_START_TEST(test_tensor_memory)
{
    const gsize dims[] = {2, 3}, huge[] = {G_MAXSIZE / 2, 4}, none[] = {0, 3};

    g_autoptr(GstConvnextTensor) tensor = make_tensor(24, 0, 2, dims);
    GstMapInfo map;
    gsize n;

    fail_unless(tensor);
    fail_if(gst_memory_map(gst_convnext_tensor_get_memory(tensor), &map, GST_MAP_WRITE),
            "a tensor's memory is writable");

    fail_unless(make_tensor(20, 0, 2, dims) == NULL);
    fail_unless(make_tensor(28, 0, 2, dims) == NULL);
    fail_unless(make_tensor(24, 2, 2, dims) == NULL);
    fail_unless(make_tensor(24, 0, 2, huge) == NULL);
    g_autoptr(GstConvnextTensor) empty = make_tensor(0, 0, 2, none);
    fail_unless(empty);
    gst_convnext_tensor_get_values(empty, &n);
    fail_unless_equals_int(n, 0);
}
GST_END_TEST;

/* The structure of a result has all its fields, without those that are not set. */
GST_START_TEST(test_structure)
{
    g_autoptr(GstConvnextResult) result = make_result("tiny");
    const gsize dims[] = {1};
    const float value = 1;

    gst_convnext_result_take_tensor(result,
                                    gst_convnext_tensor_new_copy("embedding", 1, dims, &value));
    g_autoptr(GstStructure) structure = gst_convnext_result_to_structure(result);
    g_autofree char *text = gst_structure_to_string(structure);
    fail_unless_equals_string(
        text, "convnext, model=(string)tiny, pts=(guint64)40000000, width=(uint)640, "
              "height=(uint)480, region=(uint)< 64, 48, 256, 240 >, "
              "activation=(GstConvnextActivation)softmax, index=(uint)281, score=(float)0.75, "
              "label=(string)tabby, classes=(structure)< "
              "\"class\\,\\ index\\=\\(uint\\)281\\,\\ score\\=\\(float\\)0.75\\,\\ "
              "label\\=\\(string\\)tabby\\;\", "
              "\"class\\,\\ index\\=\\(uint\\)282\\,\\ score\\=\\(float\\)0.125\\;\" >, "
              "tensors=(string)< embedding >, preprocess-time=(guint64)1500000, "
              "inference-time=(guint64)25000000;");

    g_autoptr(GstConvnextResult) bare = gst_convnext_result_new("tiny", GST_CLOCK_TIME_NONE);
    g_autoptr(GstStructure) short_structure = gst_convnext_result_to_structure(bare);
    fail_unless_equals_int(gst_structure_n_fields(short_structure), 1);

    /* The first object, of whose classes none reaches the threshold. */
    gst_convnext_result_set_object(bare, 0, NULL);
    gst_convnext_result_set_activation(bare, GST_CONVNEXT_ACTIVATION_SIGMOID);
    g_autoptr(GstStructure) object_structure = gst_convnext_result_to_structure(bare);
    g_autofree char *object_text = gst_structure_to_string(object_structure);
    fail_unless_equals_string(object_text, "convnext, model=(string)tiny, object-id=(int)0, "
                                           "activation=(GstConvnextActivation)sigmoid, "
                                           "classes=(int)<  >;");
}
GST_END_TEST;

static Suite *result_suite(void)
{
    Suite *suite = suite_create("result");
    TCase *tc = tcase_create("result");

    suite_add_tcase(suite, tc);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, test_result);
    tcase_add_test(tc, test_object);
    tcase_add_test(tc, test_immutable);
    tcase_add_test(tc, test_tensor);
    tcase_add_test(tc, test_tensor_memory);
    tcase_add_test(tc, test_structure);
    return suite;
}

GST_CHECK_MAIN(result);
