/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/gst/support/publishing.h"

#include <glib/gstdio.h>
#include <string.h>

#define CAPS "video/x-raw,format=GRAY8,width=8,height=4,framerate=25/1"

char *folder;

void folder_setup(void)
{
    folder = g_dir_make_tmp("convnextpublish-XXXXXX", NULL);
    fail_unless(folder);
}

static void remove_tree(const char *path)
{
    GDir *dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *child = g_build_filename(path, name, NULL);

        remove_tree(child);
    }
    g_clear_pointer(&dir, g_dir_close);
    g_remove(path);
}

void folder_teardown(void)
{
    remove_tree(folder);
    g_clear_pointer(&folder, g_free);
}

char *folder_path(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

GstElement *make_element(const char *property, ...)
{
    g_autofree char *lines = folder_path("lines");
    GstElement *element = gst_element_factory_make("convnextpublish", NULL);
    va_list args;

    fail_unless(element);
    gst_object_ref_sink(element);
    g_object_set(element, "location", lines, NULL);
    va_start(args, property);
    g_object_set_valist(G_OBJECT(element), property, args);
    va_end(args);
    return element;
}

GstHarness *make_harness(GstElement *element)
{
    GstHarness *harness = gst_harness_new_with_element(element, "sink", "src");

    gst_object_unref(element);
    gst_harness_set_live(harness, FALSE); /* lines without times */
    gst_harness_set_src_caps_str(harness, CAPS);
    return harness;
}

GstConvnextResult *make_result(const char *model)
{
    GstConvnextResult *result = gst_convnext_result_new(model, 0);

    gst_convnext_result_set_activation(result, GST_CONVNEXT_ACTIVATION_SOFTMAX);
    return result;
}

void add_tensor(GstConvnextResult *result, const char *name, guint n_dims, const gsize *dims,
                const float *values)
{
    gst_convnext_result_take_tensor(result,
                                    gst_convnext_tensor_new_copy(name, n_dims, dims, values));
}

GstBuffer *make_frame(GstConvnextResult *result)
{
    GstBuffer *buffer = gst_buffer_new_allocate(NULL, 32, NULL);

    gst_buffer_memset(buffer, 0, 0, -1);
    if (result) {
        gst_buffer_add_convnext_meta(buffer, result, 0);
        gst_convnext_result_unref(result);
    }
    return buffer;
}

void push_frame(GstHarness *harness, GstBuffer *frame)
{
    g_autoptr(GstBuffer) in = gst_buffer_ref(frame);
    g_autoptr(GstBuffer) out = gst_harness_push_and_pull(harness, frame);

    fail_unless(out == in, "the buffer was copied or lost");
}

char *read_lines(void)
{
    g_autofree char *path = folder_path("lines");
    char *text = NULL;

    fail_unless(g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

JsonNode *publish_result(GstConvnextResult *result)
{
    GstHarness *harness = make_harness(make_element(NULL));

    push_frame(harness, make_frame(result));
    gst_harness_teardown(harness);
    g_autofree char *text = read_lines();
    JsonNode *node = json_from_string(text, NULL);
    fail_unless(node && JSON_NODE_HOLDS_OBJECT(node), "not JSON: %s", text);
    return node;
}

void check_lines(const char *expected)
{
    g_autofree char *text = read_lines();

    fail_unless_equals_string(text, expected);
}

GstConvnextResult *make_full_result(void)
{
    static const gsize vector[] = {1, 1, 1, 2}, map[] = {1, 2, 1, 3};
    static const float embedding[] = {0.1f, -1e-30f}, logits[] = {16777216.f, 3.4028235e38f};
    static const float values[6] = {1, 2, 3, 4, 5, 6};
    GstConvnextResult *result = make_result("convnext_tiny");

    gst_convnext_result_set_frame_size(result, 8, 4);
    gst_convnext_result_set_region(result, 1, 0, 6, 4);
    gst_convnext_result_set_orientation(result, GST_CONVNEXT_ORIENTATION_90R);
    gst_convnext_result_set_object(result, 3, "person");
    gst_convnext_result_set_times(result, 1234567, 20000000);
    gst_convnext_result_add_class(result, 281, "tabby, tabby cat", 0.7f);
    gst_convnext_result_add_class(result, 282, NULL, NAN);
    add_tensor(result, "stage3", 4, map, values);
    add_tensor(result, GST_CONVNEXT_TENSOR_EMBEDDING, 4, vector, embedding);
    add_tensor(result, GST_CONVNEXT_TENSOR_LOGITS, 4, vector, logits);
    add_tensor(result, "stage4", 4, map, values);
    return result;
}
