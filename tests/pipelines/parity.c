/* A picture as PNG through a pipeline, by each library's recipe and full-size networks: the logits,
 * the embedding and the stages' maps that the library gives for the picture
 * (tests/fixtures/make_pipelines.py), in the metadata and in the .npy files, and the same five best
 * classes in the JSON line.
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

#define TOLERANCE 1e-4 /* standard deviations of the expected tensor; we promise 1e-3 */

static const struct {
    const char *name;
    guint height, width;
} pictures[] = {{"wide", 427, 640}, {"tall", 501, 333}};

static char *folder; /* temporary */

static char *in_folder(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

/* Plays to the end; returns what the sink called "sink" got last, or NULL without one. */
static GstSample *play(GstElement *pipeline)
{
    GstBus *bus = gst_element_get_bus(pipeline);
    GstElement *sink = gst_bin_get_by_name(GST_BIN(pipeline), "sink");
    GstSample *sample = NULL;
    GError *error = NULL;
    GstMessage *message =
        gst_bus_timed_pop_filtered(bus, 60 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);

    g_assert_nonnull(message);
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR)
        gst_message_parse_error(message, &error, NULL);
    g_assert_no_error(error);
    gst_message_unref(message);
    if (sink) {
        g_object_get(sink, "last-sample", &sample, NULL);
        gst_object_unref(sink);
    }
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(bus);
    gst_object_unref(pipeline);
    return sample;
}

static void write_png(const char *path, guint picture)
{
    const guint width = pictures[picture].width, height = pictures[picture].height;
    const gsize row = (width * 3 + 3) / 4 * 4; /* GStreamer's stride */
    guint8 *dense = g_malloc((gsize)width * height * 3), *rows = g_malloc0(row * height);
    char *launch = g_strdup_printf("appsrc name=src caps=video/x-raw,format=RGB,width=%u,height=%u,"
                                   "framerate=0/1 ! pngenc ! filesink location=%s",
                                   width, height, path);
    GstElement *pipeline = gst_parse_launch(launch, NULL);
    GstElement *source = gst_bin_get_by_name(GST_BIN(pipeline), "src");
    GstFlowReturn flow;

    seeded_image(dense, pictures[picture].name, height, width);
    for (guint y = 0; y < height; y++)
        memcpy(rows + y * row, dense + (gsize)y * width * 3, (gsize)width * 3);
    GstBuffer *buffer = gst_buffer_new_wrapped(rows, row * height);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    g_signal_emit_by_name(source, "push-buffer", buffer, &flow);
    g_signal_emit_by_name(source, "end-of-stream", &flow);
    gst_buffer_unref(buffer);
    gst_object_unref(source);
    g_assert_null(play(pipeline));
    g_free(launch);
    g_free(dense);
}

/* The .npy file of the tensor holds the same numbers. */
static void check_npy(GstConvnextTensor *tensor)
{
    char *name = g_strconcat("convnext-0-", gst_convnext_tensor_get_name(tensor), ".npy", NULL);
    char *path = in_folder(name), *contents;
    gsize length, n;
    const float *values = gst_convnext_tensor_get_values(tensor, &n);

    g_assert_true(g_file_get_contents(path, &contents, &length, NULL));
    g_assert_cmpmem(contents, 6, "\x93NUMPY", 6);
    const gsize start = 10 + (guint8)contents[8] + 256 * (guint8)contents[9];
    g_assert_cmpmem(contents + start, length - start, values, n * sizeof *values);
    g_remove(path);
    g_free(contents);
    g_free(path);
    g_free(name);
}

/* The five best of the JSON line are the five largest of the expected logits. */
static void check_top5(const CnxTensor *logits)
{
    char *path = in_folder("lines"), *line;
    float *e = g_new(float, logits->elements);
    GError *error = NULL;

    cnx_tensor_to_float(logits, e);
    g_assert_true(g_file_get_contents(path, &line, NULL, NULL));
    JsonNode *node = json_from_string(line, &error);
    g_assert_no_error(error);
    JsonArray *classes = json_object_get_array_member(json_node_get_object(node), "classes");
    g_assert_cmpuint(json_array_get_length(classes), ==, 5);
    for (guint i = 0; i < 5; i++) {
        JsonObject *entry = json_array_get_object_element(classes, i);
        guint best = 0;

        for (guint k = 1; k < logits->elements; k++)
            if (e[k] > e[best])
                best = k;
        g_assert_cmpint(json_object_get_int_member(entry, "index"), ==, best);
        e[best] = -INFINITY;
    }
    json_node_unref(node);
    g_remove(path);
    g_free(line);
    g_free(path);
    g_free(e);
}

static void check_picture(const SeededNetwork *network, const CnxContainer *expected, guint picture)
{
    char *png = in_folder("picture.png"), *lines = in_folder("lines");
    char *model = in_folder("network.safetensors");
    char *launch = g_strdup_printf(
        "filesrc location=%s ! pngdec ! convnext model=%s "
        "outputs=classes+logits+embedding+stage1+stage2+stage3+stage4 ! convnextpublish "
        "location=%s tensor-dir=%s ! fakesink name=sink",
        png, model, lines, folder);
    guint count, seen = 0;
    const CnxTensor *tensors = cnx_container_tensors(expected, &count);

    write_png(png, picture);
    GstElement *pipeline = gst_parse_launch(launch, NULL);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    GstSample *sample = play(pipeline);
    g_assert_nonnull(sample);
    GstConvnextMeta *meta = gst_buffer_get_convnext_meta(gst_sample_get_buffer(sample));
    g_assert_nonnull(meta);

    for (guint i = 0; i < count; i++) {
        char **parts = g_strsplit(tensors[i].name, "/", 2); /* PICTURE, OUTPUT */

        if (g_str_equal(parts[0], pictures[picture].name)) {
            GstConvnextTensor *tensor = gst_convnext_result_get_tensor(meta->result, parts[1]);
            gsize n;

            g_assert_nonnull(tensor);
            const float *values = gst_convnext_tensor_get_values(tensor, &n);
            const double d = compare_values(values, n, &tensors[i]);

            g_test_message("%s %s: %.3g", network->name, tensors[i].name, d);
            g_assert_cmpfloat(d, <=, TOLERANCE);
            check_npy(tensor);
            if (g_str_equal(parts[1], "logits"))
                check_top5(&tensors[i]);
            gst_convnext_tensor_unref(tensor);
            seen++;
        }
        g_strfreev(parts);
    }
    g_assert_cmpuint(seen, ==, 6);
    gst_sample_unref(sample);
    g_remove(png);
    g_free(launch);
    g_free(model);
    g_free(lines);
    g_free(png);
}

static void test_network(gconstpointer data)
{
    const SeededNetwork *network = data;
    char *model = in_folder("network.safetensors");
    char *path = g_strconcat(FIXTURES "/pipelines/", network->name, ".expected.safetensors", NULL);
    GError *error = NULL;

    seeded_checkpoint(model, network, &error);
    g_assert_no_error(error);
    CnxContainer *expected = cnx_container_open(path, CNX_WEIGHT_SET_AUTO, &error);
    g_assert_no_error(error);
    for (guint i = 0; i < G_N_ELEMENTS(pictures); i++)
        check_picture(network, expected, i);
    cnx_container_close(expected);
    g_remove(model);
    g_free(path);
    g_free(model);
}

int main(int argc, char **argv)
{
    gst_init(&argc, &argv);
    g_test_init(&argc, &argv, NULL);
    if (compare_level_lacks())
        return 77;
    folder = g_dir_make_tmp("convnext-parity-XXXXXX", NULL);
    for (guint i = 0; i < SEEDED_NETWORKS; i++) {
        char *path = g_strconcat("/parity/", seeded_networks[i].name, NULL);

        g_test_add_data_func(path, &seeded_networks[i], test_network);
        g_free(path);
    }
    const int status = g_test_run();
    g_rmdir(folder);
    g_free(folder);
    return status;
}
