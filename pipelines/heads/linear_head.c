/* A head in an application: a linear layer on stage3 and stage4 makes a mask. See README.md.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/convnext/convnext.h>
#include <stdio.h>

typedef struct Head {
    const char *path;
    char *weights; /* float [channels of stage3 + channels of stage4 + 1], the bias last */
    gsize size;    /* bytes */
    GstConvnextLegend *legend;
} Head;

/* The dot product of weights [c] and the values of map [1, h, w, c] at (x, y), each from 0 to 1. */
static double dot(const float *weights, GstConvnextTensor *map, double x, double y)
{
    const gsize *shape = gst_convnext_tensor_get_shape(map, NULL), c = shape[3];
    const gsize position = (gsize)(y * shape[1]) * shape[2] + (gsize)(x * shape[2]);
    const float *values = gst_convnext_tensor_get_values(map, NULL) + position * c;
    double sum = 0;

    for (gsize i = 0; i < c; i++)
        sum += (double)weights[i] * values[i];
    return sum;
}

/* A probe on the source pad of convnext. */
static GstPadProbeReturn on_frame(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    Head *head = data;
    GstBuffer *frame = info->data = gst_buffer_make_writable(GST_PAD_PROBE_INFO_BUFFER(info));
    GstConvnextMeta *meta = gst_buffer_get_convnext_meta(frame);
    GstConvnextView view;

    if (!meta || !gst_convnext_result_get_view(meta->result, &view))
        return GST_PAD_PROBE_OK;
    g_autoptr(GstConvnextTensor) map3 = gst_convnext_result_get_tensor(meta->result, "stage3");
    g_autoptr(GstConvnextTensor) map4 = gst_convnext_result_get_tensor(meta->result, "stage4");
    const gsize *shape = gst_convnext_tensor_get_shape(map3, NULL), h = shape[1], w = shape[2];
    const gsize c = shape[3], n = c + gst_convnext_tensor_get_shape(map4, NULL)[3];
    const float *weights = (const float *)head->weights;

    if (head->size != 4 * (n + 1)) {
        GST_ELEMENT_ERROR(GST_PAD_PARENT(pad), STREAM, FAILED,
                          ("%s: %zu bytes, expected %zu", head->path, head->size, 4 * (n + 1)),
                          (NULL));
        return GST_PAD_PROBE_DROP;
    }
    guint8 *mask = g_malloc(h * w);
    for (gsize i = 0; i < h * w; i++) {
        double x = (i % w + .5) / w, y = (i / w + .5) / h;

        mask[i] = dot(weights, map3, x, y) + dot(weights + c, map4, x, y) + weights[n] > 0;
    }
    double x = 0, y = 0, width = view.network_width / w * w, height = view.network_height / h * h;
    gst_convnext_view_box_to_frame(&view, &x, &y, &width, &height);
    g_autoptr(GstConvnextResult) found =
        gst_convnext_result_new("linear-head", gst_convnext_result_get_pts(meta->result));
    guint frame_width, frame_height;
    gst_convnext_result_get_frame_size(meta->result, &frame_width, &frame_height);
    gst_convnext_result_set_frame_size(found, frame_width, frame_height);
    gst_convnext_result_set_region(found, meta->x, meta->y, meta->width, meta->height);
    GstConvnextRect rect = {x, y, width, height};
    GstMemory *memory = gst_memory_new_wrapped(0, mask, h * w, 0, h * w, mask, g_free);
    gst_convnext_result_set_segmentation(found, memory, w, h, 8, &rect, head->legend);
    gst_buffer_add_convnext_meta(frame, found, meta->age);
    return GST_PAD_PROBE_OK;
}

int main(int argc, char **argv)
{
    const char *format = "%s ! convnext name=net outputs=stage3+stage4 orientation=identity ! "
                         "convnextpublish ! fakesink";
    g_autoptr(GError) error = NULL;

    gst_init(&argc, &argv);
    if (argc != 5)
        return fprintf(stderr, "usage: linear-head SOURCE MODEL WEIGHTS LABEL\n"), 2;
    g_autofree char *line = g_strdup_printf(format, argv[1]);
    Head head = {argv[3], NULL, 0, gst_convnext_legend_new(1, (const char *const *)argv + 4, NULL)};
    g_autoptr(GstElement) pipeline = gst_parse_launch(line, &error);
    if (!error && g_file_get_contents(argv[3], &head.weights, &head.size, &error)) {
        g_autoptr(GstElement) net = gst_bin_get_by_name(GST_BIN(pipeline), "net");
        g_autoptr(GstPad) pad = gst_element_get_static_pad(net, "src");
        g_autoptr(GstBus) bus = gst_element_get_bus(pipeline);

        g_object_set(net, "model", argv[2], NULL);
        gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, on_frame, &head, NULL);
        gst_element_set_state(pipeline, GST_STATE_PLAYING);
        g_autoptr(GstMessage) last =
            gst_bus_timed_pop_filtered(bus, -1, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
        if (GST_MESSAGE_TYPE(last) == GST_MESSAGE_ERROR)
            gst_message_parse_error(last, &error, NULL);
        gst_element_set_state(pipeline, GST_STATE_NULL);
    }
    if (error)
        fprintf(stderr, "linear-head: %s\n", error->message);
    gst_convnext_legend_unref(head.legend);
    g_free(head.weights);
    return !!error;
}
