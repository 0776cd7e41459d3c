/* Times a frame in a pipeline: bench-pipeline WIDTH HEIGHT FORMAT CHAIN
 *
 *   appsrc ! CHAIN ! appsink
 *
 * One frame from videotestsrc is pushed repeatedly and timed from the push to its arrival at the
 * sink. CHAIN is `convnext`, or the elements that a peer needs before it, like
 * `videoconvertscale ! video/x-raw,format=RGB,width=224,height=224`. Serves (serve.h).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/app/app.h>
#include <gst/gst.h>
#include <stdio.h>

#include "tests/bench/clock.h"
#include "tests/bench/serve.h"

typedef struct Bench {
    GstElement *pipeline;
    GstAppSrc *source;
    GstAppSink *sink;
    GstBuffer *buffer;
} Bench;

G_GNUC_NORETURN static void die(const char *reason)
{
    fprintf(stderr, "bench-pipeline: %s\n", reason);
    exit(1);
}

static GstElement *parse(const char *launch)
{
    g_autoptr(GError) error = NULL;
    GstElement *pipeline = gst_parse_launch(launch, &error);

    if (error)
        die(error->message);
    return pipeline;
}

/* The next sample. Exits with the message on the bus if there is none. */
static GstSample *pull(GstElement *pipeline, GstAppSink *sink)
{
    g_autoptr(GstBus) bus = gst_element_get_bus(pipeline);
    g_autoptr(GstMessage) message = NULL;
    g_autoptr(GError) error = NULL;
    GstSample *sample = gst_app_sink_pull_sample(sink);

    if (!sample) {
        message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR);
        if (message)
            gst_message_parse_error(message, &error, NULL);
        die(error ? error->message : "the pipeline ended");
    }
    return sample;
}

/* A frame of videotestsrc with its caps. */
static GstSample *draw_frame(const char *caps)
{
    g_autoptr(GstElement) pipeline = NULL;
    g_autoptr(GstElement) sink = NULL;
    g_autofree char *launch = g_strdup_printf(
        "videotestsrc num-buffers=1 pattern=gamut ! %s ! appsink name=sink sync=false", caps);
    GstSample *sample;

    pipeline = parse(launch);
    sink = gst_bin_get_by_name(GST_BIN(pipeline), "sink");

    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    sample = pull(pipeline, GST_APP_SINK(sink));
    gst_element_set_state(pipeline, GST_STATE_NULL);
    return sample;
}

static void run_frame(void *data)
{
    Bench *b = data;

    gst_app_src_push_buffer(b->source, gst_buffer_ref(b->buffer));
    gst_sample_unref(pull(b->pipeline, b->sink));
}

int main(int argc, char **argv)
{
    g_autoptr(GstSample) sample = NULL;
    g_autofree char *caps = NULL, *launch = NULL;
    Bench b;

    gst_init(&argc, &argv);
    if (argc != 5) {
        fprintf(stderr, "usage: bench-pipeline WIDTH HEIGHT FORMAT CHAIN\n");
        return 2;
    }
    caps = g_strdup_printf("video/x-raw,width=%s,height=%s,format=%s,framerate=30/1", argv[1],
                           argv[2], argv[3]);
    sample = draw_frame(caps);
    launch = g_strdup_printf("appsrc name=source format=time ! %s ! appsink name=sink sync=false",
                             argv[4]);
    const double begin = clock_ms();

    b.pipeline = parse(launch);
    b.source = GST_APP_SRC(gst_bin_get_by_name(GST_BIN(b.pipeline), "source"));
    b.sink = GST_APP_SINK(gst_bin_get_by_name(GST_BIN(b.pipeline), "sink"));
    b.buffer = gst_sample_get_buffer(sample);
    gst_app_src_set_caps(b.source, gst_sample_get_caps(sample));
    gst_element_set_state(b.pipeline, GST_STATE_PLAYING);
    run_frame(&b);
    serve(clock_ms() - begin, "-", run_frame, &b);

    gst_element_set_state(b.pipeline, GST_STATE_NULL);
    gst_object_unref(b.source);
    gst_object_unref(b.sink);
    gst_object_unref(b.pipeline);
    return 0;
}
