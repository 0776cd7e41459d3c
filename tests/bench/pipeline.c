/* From frame to metadata in a pipeline: bench-pipeline WIDTH HEIGHT FORMAT CHAIN
 *
 *   appsrc ! CHAIN ! appsink
 *
 * One frame, which videotestsrc draws, is pushed again and again; its time is from the push until
 * it comes out. CHAIN is `convnext`, or what a peer needs in front of it, like
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

G_GNUC_NORETURN static void die(const char *what)
{
    fprintf(stderr, "bench-pipeline: %s\n", what);
    exit(1);
}

static GstElement *parse(const char *launch)
{
    GError *error = NULL;
    GstElement *pipeline = gst_parse_launch(launch, &error);

    if (error)
        die(error->message);
    return pipeline;
}

/* What is wrong stands on the bus. */
static GstSample *pull(GstElement *pipeline, GstAppSink *sink)
{
    GstSample *sample = gst_app_sink_pull_sample(sink);
    GstBus *bus = gst_element_get_bus(pipeline);
    GstMessage *message;
    GError *error = NULL;

    if (!sample) {
        message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR);
        if (message)
            gst_message_parse_error(message, &error, NULL);
        die(error ? error->message : "the pipeline ended");
    }
    gst_object_unref(bus);
    return sample;
}

/* A frame of videotestsrc with its caps; the caller owns it. */
static GstSample *draw(const char *caps)
{
    char *launch = g_strdup_printf(
        "videotestsrc num-buffers=1 pattern=gamut ! %s ! appsink name=sink sync=false", caps);
    GstElement *pipeline = parse(launch);
    GstElement *sink = gst_bin_get_by_name(GST_BIN(pipeline), "sink");
    GstSample *sample;

    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    sample = pull(pipeline, GST_APP_SINK(sink));
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(sink);
    gst_object_unref(pipeline);
    g_free(launch);
    return sample;
}

static void frame(void *data)
{
    Bench *b = data;

    gst_app_src_push_buffer(b->source, gst_buffer_ref(b->buffer));
    gst_sample_unref(pull(b->pipeline, b->sink));
}

int main(int argc, char **argv)
{
    Bench b;
    GstSample *sample;
    char *caps, *launch;

    gst_init(&argc, &argv);
    if (argc != 5) {
        fprintf(stderr, "usage: bench-pipeline WIDTH HEIGHT FORMAT CHAIN\n");
        return 2;
    }
    caps = g_strdup_printf("video/x-raw,width=%s,height=%s,format=%s,framerate=30/1", argv[1],
                           argv[2], argv[3]);
    sample = draw(caps);
    launch = g_strdup_printf("appsrc name=source format=time ! %s ! appsink name=sink sync=false",
                             argv[4]);
    const double begin = clock_ms();

    b.pipeline = parse(launch);
    b.source = GST_APP_SRC(gst_bin_get_by_name(GST_BIN(b.pipeline), "source"));
    b.sink = GST_APP_SINK(gst_bin_get_by_name(GST_BIN(b.pipeline), "sink"));
    b.buffer = gst_sample_get_buffer(sample);
    gst_app_src_set_caps(b.source, gst_sample_get_caps(sample));
    gst_element_set_state(b.pipeline, GST_STATE_PLAYING);
    frame(&b);
    serve(clock_ms() - begin, frame, &b);

    gst_element_set_state(b.pipeline, GST_STATE_NULL);
    gst_object_unref(b.source);
    gst_object_unref(b.sink);
    gst_object_unref(b.pipeline);
    gst_sample_unref(sample);
    g_free(launch);
    g_free(caps);
    return 0;
}
