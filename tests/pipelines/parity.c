/* Runs a PNG picture through a pipeline with full-size networks and the recipe of each library. The
 * metadata and the .npy files contain the logits, embedding and feature maps that the library
 * computes for the picture (tests/fixtures/make_pipelines.py), and the JSON line has the same top
 * five classes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <gst/convnext/convnext.h>
#include <gst/gst.h>
#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#include "model/containers/container.h"
#include "tests/fixtures/compare.h"
#include "tests/fixtures/seeded.h"

#define TOLERANCE 1e-4 /* standard deviations of the expected tensor; documented: 1e-3 */

static const struct {
    const char *name;
    guint height, width;
} pictures[] = {{"wide", 427, 640}, {"tall", 501, 333}};

static char *folder; /* temporary */

static char *path_in_folder(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

/* Plays to the end. Returns the last sample of the sink called "sink", or NULL without one. */
static GstSample *play(GstElement *pipeline)
{
    g_autoptr(GstBus) bus = gst_element_get_bus(pipeline);
    g_autoptr(GstElement) sink = gst_bin_get_by_name(GST_BIN(pipeline), "sink");
    g_autoptr(GError) error = NULL;
    GstSample *sample = NULL;

    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    g_autoptr(GstMessage) message =
        gst_bus_timed_pop_filtered(bus, 60 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
    g_assert_nonnull(message);
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR)
        gst_message_parse_error(message, &error, NULL);
    g_assert_no_error(error);
    if (sink)
        g_object_get(sink, "last-sample", &sample, NULL);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    return sample;
}

static void write_png(const char *path, guint picture)
{
    const guint width = pictures[picture].width, height = pictures[picture].height;
    const gsize row = (width * 3 + 3) / 4 * 4; /* GStreamer's stride */
    g_autofree guint8 *dense = g_malloc((gsize)width * height * 3);
    guint8 *rows = g_malloc0(row * height);
    g_autofree char *launch =
        g_strdup_printf("appsrc name=src caps=video/x-raw,format=RGB,width=%u,height=%u,"
                        "framerate=0/1 ! pngenc ! filesink location=%s",
                        width, height, path);
    g_autoptr(GstElement) pipeline = gst_parse_launch(launch, NULL);
    g_autoptr(GstElement) source = gst_bin_get_by_name(GST_BIN(pipeline), "src");
    GstFlowReturn flow;

    seeded_image(dense, pictures[picture].name, height, width);
    for (guint y = 0; y < height; y++)
        memcpy(rows + y * row, dense + (gsize)y * width * 3, (gsize)width * 3);
    g_autoptr(GstBuffer) buffer = gst_buffer_new_wrapped(rows, row * height);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    g_signal_emit_by_name(source, "push-buffer", buffer, &flow);
    g_signal_emit_by_name(source, "end-of-stream", &flow);
    g_assert_null(play(pipeline));
}

/* The tensor's .npy file contains the same numbers. */
static void check_npy(GstConvnextTensor *tensor)
{
    g_autofree char *name =
        g_strconcat("convnext-0-", gst_convnext_tensor_get_name(tensor), ".npy", NULL);
    g_autofree char *path = path_in_folder(name), *contents = NULL;
    gsize length, n;
    const float *values = gst_convnext_tensor_get_values(tensor, &n);

    g_assert_true(g_file_get_contents(path, &contents, &length, NULL));
    g_assert_cmpmem(contents, 6, "\x93NUMPY", 6);
    const gsize start = 10 + (guint8)contents[8] + 256 * (guint8)contents[9];
    g_assert_cmpmem(contents + start, length - start, values, n * sizeof *values);
    g_remove(path);
}

/* The five classes of the JSON line are those with the largest expected logits. */
static void check_top5(const CnxTensor *logits)
{
    g_autofree char *path = path_in_folder("lines"), *line = NULL;
    g_autofree float *expected = g_new(float, logits->elements);
    g_autoptr(GError) error = NULL;

    cnx_tensor_to_float(logits, expected);
    g_assert_true(g_file_get_contents(path, &line, NULL, NULL));
    g_autoptr(JsonNode) node = json_from_string(line, &error);
    g_assert_no_error(error);
    JsonArray *classes = json_object_get_array_member(json_node_get_object(node), "classes");
    g_assert_cmpuint(json_array_get_length(classes), ==, 5);
    for (guint i = 0; i < 5; i++) {
        JsonObject *entry = json_array_get_object_element(classes, i);
        guint best = 0;

        for (guint k = 1; k < logits->elements; k++)
            if (expected[k] > expected[best])
                best = k;
        g_assert_cmpint(json_object_get_int_member(entry, "index"), ==, best);
        expected[best] = -INFINITY;
    }
    g_remove(path);
}

/* expected: its name is PICTURE/OUTPUT. */
static void check_tensor(const SeededNetwork *network, GstConvnextResult *result,
                         const CnxTensor *expected)
{
    const char *output = strchr(expected->name, '/') + 1;
    g_autoptr(GstConvnextTensor) tensor = gst_convnext_result_get_tensor(result, output);
    gsize n;

    g_assert_nonnull(tensor);
    const float *values = gst_convnext_tensor_get_values(tensor, &n);
    const double difference = compare_values(values, n, expected);
    g_test_message("%s %s: %.3g", network->name, expected->name, difference);
    g_assert_cmpfloat(difference, <=, TOLERANCE);
    check_npy(tensor);
    if (g_str_equal(output, "logits"))
        check_top5(expected);
}

static void check_picture(const SeededNetwork *network, const CnxContainer *expected, guint picture)
{
    g_autofree char *png = path_in_folder("picture.png"), *lines = path_in_folder("lines");
    g_autofree char *model = path_in_folder("network.safetensors");
    g_autofree char *prefix = g_strconcat(pictures[picture].name, "/", NULL);
    g_autofree char *launch = g_strdup_printf(
        "filesrc location=%s ! pngdec ! convnext model=%s "
        "outputs=classes+logits+embedding+stage1+stage2+stage3+stage4 ! convnextpublish "
        "location=%s tensor-dir=%s ! fakesink name=sink",
        png, model, lines, folder);
    guint count, seen = 0;
    const CnxTensor *tensors = cnx_container_tensors(expected, &count);

    write_png(png, picture);
    g_autoptr(GstElement) pipeline = gst_parse_launch(launch, NULL);
    g_autoptr(GstSample) sample = play(pipeline);
    g_assert_nonnull(sample);
    GstConvnextMeta *meta = gst_buffer_get_convnext_meta(gst_sample_get_buffer(sample));
    g_assert_nonnull(meta);
    for (guint i = 0; i < count; i++) {
        if (g_str_has_prefix(tensors[i].name, prefix)) {
            check_tensor(network, meta->result, &tensors[i]);
            seen++;
        }
    }
    g_assert_cmpuint(seen, ==, 6);
    g_remove(png);
}

static void test_network(gconstpointer data)
{
    const SeededNetwork *network = data;
    g_autofree char *model = path_in_folder("network.safetensors");
    g_autofree char *path =
        g_strconcat(FIXTURES "/pipelines/", network->name, ".expected.safetensors", NULL);
    g_autoptr(GError) error = NULL;

    seeded_checkpoint(model, network, &error);
    g_assert_no_error(error);
    CnxContainer *expected = cnx_container_open(path, CNX_WEIGHT_SET_AUTO, &error);
    g_assert_no_error(error);
    for (guint i = 0; i < G_N_ELEMENTS(pictures); i++)
        check_picture(network, expected, i);
    cnx_container_close(expected);
    g_remove(model);
}

int main(int argc, char **argv)
{
    gst_init(&argc, &argv);
    g_test_init(&argc, &argv, NULL);
    if (compare_level_lacks())
        return 77;
    folder = g_dir_make_tmp("convnext-parity-XXXXXX", NULL);
    for (guint i = 0; i < SEEDED_NETWORKS; i++) {
        g_autofree char *path = g_strconcat("/parity/", seeded_networks[i].name, NULL);

        g_test_add_data_func(path, &seeded_networks[i], test_network);
    }
    const int status = g_test_run();
    g_rmdir(folder);
    g_free(folder);
    return status;
}
