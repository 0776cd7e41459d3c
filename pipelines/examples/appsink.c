/* Results in the application's own thread, with the frames that they belong to. See README.md.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/convnext/convnext.h>
#include <stdio.h>

/* Prints time, size and best class of a frame. */
static void print_frame(GstSample *sample)
{
    GstBuffer *frame = gst_sample_get_buffer(sample);
    GstConvnextMeta *meta = gst_buffer_get_convnext_meta(frame);
    guint n = 0, width, height;

    if (!meta) /* no result yet, with mode=latest */
        return;
    const GstConvnextClass *classes = gst_convnext_result_get_classes(meta->result, &n);
    gst_convnext_result_get_frame_size(meta->result, &width, &height);
    printf("%.3f s, %ux%u: ", (double)GST_BUFFER_PTS(frame) / GST_SECOND, width, height);
    if (n > 0)
        printf("%s %.2f\n", classes[0].label, (double)classes[0].score);
    else
        puts("no class above the threshold");
}

/* Takes frames until the stream ends or fails. */
static void run(GstElement *pipeline, GError **error)
{
    g_autoptr(GstElement) sink = gst_bin_get_by_name(GST_BIN(pipeline), "sink");
    g_autoptr(GstBus) bus = gst_element_get_bus(pipeline);
    g_autoptr(GstMessage) last = NULL;
    GstSample *sample = NULL;

    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    while (!last) {
        g_signal_emit_by_name(sink, "try-pull-sample", GST_SECOND / 10, &sample);
        if (sample)
            print_frame(sample);
        else /* too early, at the end, or after an error, which does not wake appsink */
            last = gst_bus_pop_filtered(bus, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
        g_clear_pointer(&sample, gst_sample_unref);
    }
    if (GST_MESSAGE_TYPE(last) == GST_MESSAGE_ERROR)
        gst_message_parse_error(last, error, NULL);
    gst_element_set_state(pipeline, GST_STATE_NULL);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *line = NULL;

    gst_init(&argc, &argv);
    if (argc != 2) {
        fprintf(stderr, "usage: appsink SOURCE\n");
        return 2;
    }
    line = g_strdup_printf("%s ! convnext ! appsink name=sink sync=false max-buffers=2", argv[1]);
    g_autoptr(GstElement) pipeline = gst_parse_launch(line, &error);
    if (!error)
        run(pipeline, &error);
    if (error)
        fprintf(stderr, "appsink: %s\n", error->message);
    return error ? 1 : 0;
}
