/* convnextpublish: its properties, lines and tensor files.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <locale.h>
#include <math.h>
#include <string.h>

#include <gst/video/video.h>

#include "gst/publish/emission.h"
#include "gst/publish/gstconvnextpublish.h"
#include "tests/gst/support/publishing.h"

#define FULL_CLASSES                                                             \
    "\"classes\":[{\"index\":281,\"label\":\"tabby, tabby cat\",\"score\":0.7}," \
    "{\"index\":282,\"score\":null}]"
#define FULL_REST                                                                      \
    "\"embedding\":[0.1,-1e-30],\"logits\":[16777216,3.4028235e+38],"                  \
    "\"tensors\":{\"stage3\":{\"shape\":[1,2,1,3]},\"stage4\":{\"shape\":[1,2,1,3]}}," \
    "\"ms\":{\"preprocess\":1.235,\"inference\":20.000}}\n"

/* A line has all keys of a full result, in order. */
GST_START_TEST(test_line)
{
    g_autoptr(GstHarness) harness = make_harness(make_element("stream", "gate", NULL));
    g_autoptr(GstConvnextResult) result = make_full_result();
    GstBuffer *frame = gst_buffer_new_allocate(NULL, 32, NULL);

    GST_BUFFER_PTS(frame) = 90000 * GST_SECOND;
    gst_buffer_add_convnext_meta(frame, result, 40 * GST_MSECOND);
    push_frame(harness, frame);
    check_lines("{\"stream\":\"gate\",\"frame\":0,\"pts\":90000000000000,\"width\":8,\"height\":4,"
                "\"model\":\"convnext_tiny\",\"age\":40000000,\"region\":[1,0,6,4],"
                "\"orientation\":\"90r\",\"object\":{\"id\":3,\"label\":\"person\"}," FULL_CLASSES
                "," FULL_REST);
}
GST_END_TEST;

/* Keys without a value are omitted. */
GST_START_TEST(test_absent)
{
    g_autoptr(GstHarness) harness = make_harness(make_element(NULL));
    GstConvnextResult *result = gst_convnext_result_new("m", GST_CLOCK_TIME_NONE);

    gst_harness_set_src_caps_str(harness, "application/x-anything");
    push_frame(harness, make_frame(result));
    check_lines("{\"frame\":0,\"model\":\"m\",\"age\":0}\n");
    push_frame(harness, make_frame(make_result("m")));
    check_lines("{\"frame\":0,\"model\":\"m\",\"age\":0}\n"
                "{\"frame\":1,\"model\":\"m\",\"age\":0,\"classes\":[]}\n");
}
GST_END_TEST;

/* An object without a tracking id, one without a label, and a region that is empty. */
GST_START_TEST(test_absent_parts)
{
    g_autoptr(GstHarness) harness = make_harness(make_element(NULL));
    GstConvnextResult *result = gst_convnext_result_new("m", 0);

    gst_harness_set_src_caps_str(harness, "application/x-anything");
    gst_convnext_result_set_object(result, -1, "car");
    gst_convnext_result_set_region(result, 1, 2, 5, 0);
    push_frame(harness, make_frame(result));
    result = gst_convnext_result_new("m", 0);
    gst_convnext_result_set_object(result, 0, NULL);
    gst_convnext_result_set_region(result, 1, 2, 0, 5);
    push_frame(harness, make_frame(result));
    check_lines("{\"frame\":0,\"model\":\"m\",\"age\":0,\"object\":{\"label\":\"car\"}}\n"
                "{\"frame\":1,\"model\":\"m\",\"age\":0,\"object\":{\"id\":0}}\n");
}
GST_END_TEST;

GST_START_TEST(test_without_embedding)
{
    g_autoptr(GstHarness) harness = make_harness(make_element("embedding", FALSE, NULL));

    push_frame(harness, make_frame(make_full_result()));
    g_autofree char *lines = read_lines();
    fail_if(strstr(lines, "embedding"), "%s", lines);
    fail_unless(strstr(lines, ",\"logits\":["), "%s", lines);
}
GST_END_TEST;

/* The region is that of the frame which the caps and a GstVideoCropMeta describe, and omitted if
 * their size is not the one that it refers to. */
GST_START_TEST(test_region)
{
    g_autoptr(GstHarness) harness =
        make_harness(make_element("emit", GST_CONVNEXT_EMIT_FRAME, NULL));
    GstBuffer *frame = make_frame(make_full_result());
    GstVideoCropMeta *crop = gst_buffer_add_video_crop_meta(frame);

    crop->x = 2;
    crop->y = 1;
    crop->width = 6;
    crop->height = 3;
    gst_harness_set_src_caps_str(harness,
                                 "video/x-raw,format=GRAY8,width=6,height=3,framerate=25/1");
    push_frame(harness, gst_buffer_copy(frame));
    g_autofree char *cropped = read_lines();
    fail_unless(strstr(cropped, "\"width\":6,\"height\":3,") &&
                    strstr(cropped, "\"region\":[0,0,5,3],"),
                "%s", cropped);
    gst_harness_set_src_caps_str(harness,
                                 "video/x-raw,format=GRAY8,width=8,height=4,framerate=25/1");
    push_frame(harness, frame);
    g_autofree char *both = read_lines();
    fail_unless(strstr(both, "\"frame\":1,\"width\":8,"), "%s", both);
    fail_if(strstr(strstr(both, "\"frame\":1,"), "region"), "%s", both);
}
GST_END_TEST;

/* Strings are escaped, and invalid UTF-8 is replaced. */
GST_START_TEST(test_strings)
{
    static const char label[] = "a \"b\" \\ /\n\r\t\b\f\x01\x7f \xc3\xa9 \xf0\x9f\x90\x88";
    GstConvnextResult *result = make_result("not\xff"
                                            "UTF-8");

    gst_convnext_result_add_class(result, 0, label, 1.f);
    g_autoptr(JsonNode) node = publish_result(result);
    JsonObject *object = json_node_get_object(node);
    fail_unless_equals_string(json_object_get_string_member(object, "model"),
                              "not\xef\xbf\xbdUTF-8");
    object = json_array_get_object_element(json_object_get_array_member(object, "classes"), 0);
    fail_unless_equals_string(json_object_get_string_member(object, "label"), label);
}
GST_END_TEST;

/* Writes random floats of all exponents and corner cases, -0 included, and checks that they are
 * read back bit by bit. */
static void check_floats(guint32 seed)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
    static const float corners[] = {0.f,          -0.f,  1.f,      G_MAXFLOAT,   -G_MAXFLOAT,
                                    G_MINFLOAT,   0.1f,  1e-45f,   16777217.f,   9.999999e-5f,
                                    1.17549e-38f, 1e10f, 0.33333f, 2.5000002e3f, 123456.78f};
    const gsize dims[] = {1, 1, 1, 20000};
    g_autofree float *values = g_new(float, dims[3]);
    GstConvnextResult *result = make_result("m");

    for (guint i = 0; i < dims[3]; i++) {
        guint32 bits = g_rand_int(rand);

        memcpy(&values[i], &bits, sizeof(bits));
    }
    memcpy(values, corners, sizeof(corners));
    add_tensor(result, GST_CONVNEXT_TENSOR_LOGITS, 4, dims, values);
    g_autoptr(JsonNode) node = publish_result(result);
    JsonArray *array = json_object_get_array_member(json_node_get_object(node), "logits");
    fail_unless_equals_int(json_array_get_length(array), dims[3]);
    for (guint i = 0; i < dims[3]; i++) {
        JsonNode *element = json_array_get_element(array, i);
        float value = json_node_get_double(element);

        if (isfinite(values[i]))
            fail_unless(value == values[i], "seed %u, %.9g became %.9g", seed, values[i], value);
        else
            fail_unless(JSON_NODE_HOLDS_NULL(element), "%f is not null", values[i]);
    }
}

/* Floats have enough digits to round-trip. */
GST_START_TEST(test_floats)
{
    check_floats(1);
}
GST_END_TEST;

/* Sets a locale with decimal commas for this process. FALSE if it cannot be created. */
static gboolean use_commas(void)
{
    g_autofree char *path = folder_path("de_DE.UTF-8");
    char *argv[] = {(char *)"localedef",
                    (char *)"-i",
                    (char *)"de_DE",
                    (char *)"-f",
                    (char *)"UTF-8",
                    path,
                    NULL};

    g_spawn_sync(NULL, argv, NULL,
                 G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL,
                 NULL, NULL, NULL, NULL, NULL, NULL);
    g_setenv("LOCPATH", folder, TRUE);
    if (!setlocale(LC_ALL, "de_DE.UTF-8"))
        return FALSE;
    fail_unless_equals_string(localeconv()->decimal_point, ",");
    return TRUE;
}

/* Numbers have decimal points in any locale. */
GST_START_TEST(test_locale)
{
    if (!use_commas()) {
        g_printerr("skipped: no locale with decimal commas\n");
        return;
    }
    GstHarness *harness = make_harness(make_element(NULL));
    push_frame(harness, make_frame(make_full_result()));
    check_lines("{\"frame\":0,\"width\":8,\"height\":4,\"model\":\"convnext_tiny\",\"age\":0,"
                "\"region\":[1,0,6,4],\"orientation\":\"90r\",\"object\":{\"id\":3,\"label\":"
                "\"person\"}," FULL_CLASSES "," FULL_REST);
    gst_harness_teardown(harness);
    check_floats(2);
    setlocale(LC_ALL, "C");
    g_unsetenv("LOCPATH");
}
GST_END_TEST;

/* Frames without results and GAP buffers count as frames. A new start begins at 0. */
GST_START_TEST(test_frames)
{
    GstElement *element = make_element(NULL);
    GstHarness *harness = make_harness(gst_object_ref(element));
    GstBuffer *frame;

    push_frame(harness, make_frame(NULL));
    frame = make_frame(NULL);
    GST_BUFFER_FLAG_SET(frame, GST_BUFFER_FLAG_GAP);
    push_frame(harness, frame);
    frame = make_frame(gst_convnext_result_new("a", 0));
    gst_buffer_ref(frame);
    push_frame(harness, frame);
    gst_buffer_unref(frame);
    check_lines("{\"frame\":2,\"width\":8,\"height\":4,\"model\":\"a\",\"age\":0}\n");
    gst_harness_teardown(harness);

    gst_element_set_state(element, GST_STATE_NULL);
    harness = make_harness(element);
    push_frame(harness, make_frame(gst_convnext_result_new("b", 0)));
    check_lines("{\"frame\":0,\"width\":8,\"height\":4,\"model\":\"b\",\"age\":0}\n");
    gst_harness_teardown(harness);
}
GST_END_TEST;

/* Returns the n values of a NumPy file in the test's folder, and checks its header and shape. */
static float *read_npy(const char *name, const char *shape, gsize n)
{
    g_autofree char *path = folder_path(name);
    g_autofree char *data = NULL;
    gsize size, length;

    fail_unless(g_file_get_contents(path, &data, &size, NULL), "cannot read %s", path);
    fail_unless(size > 10 && !memcmp(data, "\x93NUMPY\x01\x00", 8));
    length = (guint8)data[8] | (gsize)(guint8)data[9] << 8;
    fail_unless_equals_int((10 + length) % 64, 0);
    fail_unless_equals_int(size, 10 + length + n * 4);
    fail_unless_equals_int(data[9 + length], '\n');
    g_autofree char *header = g_strndup(data + 10, length - 1);
    g_autofree char *expected =
        g_strdup_printf("{'descr': '<f4', 'fortran_order': False, 'shape': %s, }", shape);
    fail_unless_equals_string(g_strchomp(header), expected);
    return g_memdup2(data + 10 + length, n * 4);
}

static void check_npy(const char *name, const char *shape, gsize n, const float *expected)
{
    g_autofree float *values = read_npy(name, shape, n);

    for (gsize i = 0; i < n; i++)
        fail_unless(values[i] == expected[i], "%s: value %u is %g, not %g", name, (guint)i,
                    values[i], expected[i]);
}

/* Each tensor is written to its own file in a new folder. A second result of a frame adds its index
 * to the name. */
GST_START_TEST(test_tensor_dir)
{
    g_autofree char *maps = g_build_filename(folder, "new", "maps", NULL);
    const float map[] = {1, 2, 3, 4, 5, 6}, embedding[] = {0.1f, -1e-30f};
    GstHarness *harness = make_harness(make_element("tensor-dir", maps, NULL));

    g_autoptr(GstConvnextResult) other = make_result("m");
    GstBuffer *frame = make_frame(make_full_result());
    const gsize three[] = {3};
    guint n_files = 0;

    push_frame(harness, make_frame(NULL));
    add_tensor(other, "stage3", 1, three, map + 3);
    gst_buffer_add_convnext_meta(frame, other, 0);
    push_frame(harness, frame);
    gst_harness_teardown(harness);

    check_npy("new/maps/convnext-1-stage3.npy", "(1, 2, 1, 3)", 6, map);
    check_npy("new/maps/convnext-1-stage4.npy", "(1, 2, 1, 3)", 6, map);
    check_npy("new/maps/convnext-1-embedding.npy", "(1, 1, 1, 2)", 2, embedding);
    check_npy("new/maps/convnext-1-stage3-1.npy", "(3,)", 3, map + 3);
    g_autoptr(GDir) dir = g_dir_open(maps, 0, NULL);
    while (g_dir_read_name(dir))
        n_files++;
    fail_unless_equals_int(n_files, 5);
}
GST_END_TEST;

/* Slashes in a stream's name do not form a path. */
GST_START_TEST(test_stream_with_slash)
{
    const float map[] = {1, 2, 3, 4, 5, 6};
    GstHarness *harness =
        make_harness(make_element("tensor-dir", folder, "stream", "../a/b", NULL));

    push_frame(harness, make_frame(make_full_result()));
    gst_harness_teardown(harness);
    check_npy(".._a_b-0-stage3.npy", "(1, 2, 1, 3)", 6, map);
}
GST_END_TEST;

/* The properties have their defaults and return what was set; an empty stream is unset. */
GST_START_TEST(test_properties)
{
    g_autoptr(GstElement) element = gst_element_factory_make("convnextpublish", NULL);
    g_autofree char *location = NULL;
    g_autofree char *tensor_dir = NULL;
    g_autofree char *stream = NULL;

    g_object_get(element, "location", &location, "stream", &stream, "tensor-dir", &tensor_dir,
                 NULL);
    fail_unless_equals_string(location, "-");
    fail_unless(!stream && !tensor_dir);

    g_clear_pointer(&location, g_free);
    g_object_set(element, "location", "x", "stream", "", "tensor-dir", "y", NULL);
    g_object_get(element, "location", &location, "stream", &stream, "tensor-dir", &tensor_dir,
                 NULL);
    fail_unless_equals_string(location, "x");
    fail_unless(!stream);
    fail_unless_equals_string(tensor_dir, "y");
}
GST_END_TEST;

static Suite *publish_suite(void)
{
    Suite *suite = suite_create("publish");
    TCase *tc = tcase_create("publish");

    GST_ELEMENT_REGISTER(convnextpublish, NULL);
    suite_add_tcase(suite, tc);
    tcase_add_checked_fixture(tc, folder_setup, folder_teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, test_properties);
    tcase_add_test(tc, test_line);
    tcase_add_test(tc, test_absent);
    tcase_add_test(tc, test_absent_parts);
    tcase_add_test(tc, test_without_embedding);
    tcase_add_test(tc, test_region);
    tcase_add_test(tc, test_strings);
    tcase_add_test(tc, test_floats);
    tcase_add_test(tc, test_locale);
    tcase_add_test(tc, test_frames);
    tcase_add_test(tc, test_tensor_dir);
    tcase_add_test(tc, test_stream_with_slash);
    return suite;
}

GST_CHECK_MAIN(publish);
