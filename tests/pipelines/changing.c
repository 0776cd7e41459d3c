/* Plays live streams through elements while the format, the size and the pixel aspect ratio of each
 * stream change at random every second, and reports the memory of the process.
 *
 *   changing SECONDS ELEMENT...
 *
 * An ELEMENT is one as in gst-launch, "convnextsegment mode=latest model=...". Prints a line of the
 * seconds so far and the KiB of resident memory every second, and at the end the number of changes
 * and the inferences of each stream. A second lasts until each stream has run its network since the
 * last change, so a slow machine only takes longer. The status is 0 if no element failed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/gst.h>
#include <stdlib.h>

#define STREAMS_MAX 8
#define PATIENCE (300 * G_USEC_PER_SEC) /* after which a stream hangs */

typedef struct Stream {
    GstElement *pipeline, *caps, *element;
    guint64 inferred; /* inferences up to the last change */
} Stream;

static Stream stream_new(const char *element)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *line =
        g_strdup_printf("videotestsrc is-live=true pattern=ball ! capsfilter name=caps ! %s "
                        "name=element ! fakesink sync=true",
                        element);
    Stream stream = {.pipeline = gst_parse_launch(line, &error)};

    if (error)
        g_error("%s: %s", line, error->message);
    stream.caps = gst_bin_get_by_name(GST_BIN(stream.pipeline), "caps");
    stream.element = gst_bin_get_by_name(GST_BIN(stream.pipeline), "element");
    return stream;
}

static void stream_change(const Stream *stream)
{
    static const char *const formats[] = {"I420", "NV12", "YUY2", "RGB", "BGRx", "GRAY8"};
    static const char *const shapes[] = {"1/1", "4/3", "16/15"};
    g_autofree char *text = g_strdup_printf(
        "video/x-raw,format=%s,width=%d,height=%d,pixel-aspect-ratio=%s,framerate=25/1",
        formats[rand() % (int)G_N_ELEMENTS(formats)], 33 + rand() % 608, 33 + rand() % 448,
        shapes[rand() % (int)G_N_ELEMENTS(shapes)]);
    g_autoptr(GstCaps) caps = gst_caps_from_string(text);

    g_object_set(stream->caps, "caps", caps, NULL);
}

static guint64 stream_inferred(const Stream *stream)
{
    g_autoptr(GstStructure) stats = NULL;
    guint64 n = 0;

    g_object_get(stream->element, "stats", &stats, NULL);
    gst_structure_get_uint64(stats, "inferred", &n);
    return n;
}

/* Aborts if an element failed. */
static void stream_check(const Stream *stream)
{
    g_autoptr(GstBus) bus = gst_element_get_bus(stream->pipeline);
    GstMessage *message;

    while ((message = gst_bus_pop(bus))) {
        g_autoptr(GError) error = NULL;

        if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
            gst_message_parse_error(message, &error, NULL);
            g_error("%s: %s", GST_OBJECT_NAME(message->src), error->message);
        }
        gst_message_unref(message);
    }
}

/* Waits until the network has run since the last change. */
static void stream_wait(Stream *stream)
{
    const gint64 end = g_get_monotonic_time() + PATIENCE;
    guint64 inferred;

    while ((inferred = stream_inferred(stream)) == stream->inferred) {
        stream_check(stream);
        if (g_get_monotonic_time() > end)
            g_error("%s: no inference since the last change", GST_OBJECT_NAME(stream->element));
        g_usleep(10000);
    }
    stream->inferred = inferred;
}

static void stream_free(const Stream *stream)
{
    gst_element_set_state(stream->pipeline, GST_STATE_NULL);
    gst_object_unref(stream->caps);
    gst_object_unref(stream->element);
    gst_object_unref(stream->pipeline);
}

static long resident_kib(void)
{
    g_autofree char *text = NULL;
    const char *line;

    if (!g_file_get_contents("/proc/self/status", &text, NULL, NULL) ||
        !(line = strstr(text, "VmRSS:")))
        g_error("no VmRSS in /proc/self/status");
    return strtol(line + strlen("VmRSS:"), NULL, 10);
}

int main(int argc, char **argv)
{
    Stream streams[STREAMS_MAX];
    const int n = argc - 2, seconds = argc > 1 ? atoi(argv[1]) : 0;

    gst_init(&argc, &argv);
    if (n < 1 || n > STREAMS_MAX || seconds < 1)
        g_error("usage: changing SECONDS ELEMENT...");
    srand(1);
    for (int i = 0; i < n; i++) {
        streams[i] = stream_new(argv[i + 2]);
        stream_change(&streams[i]);
        gst_element_set_state(streams[i].pipeline, GST_STATE_PLAYING);
    }
    for (int second = 0; second < seconds; second++) {
        g_usleep(G_USEC_PER_SEC);
        for (int i = 0; i < n; i++) {
            stream_check(&streams[i]);
            stream_wait(&streams[i]);
            stream_change(&streams[i]);
        }
        g_print("%d %ld\n", second, resident_kib());
    }
    for (int i = 0; i < n; i++) {
        g_print("stream %d: %d changes, %" G_GUINT64_FORMAT " inferences\n", i, seconds,
                stream_inferred(&streams[i]));
        stream_free(&streams[i]);
    }
    return EXIT_SUCCESS;
}
