/* Classifies a file, an RTSP stream, a camera or a test picture: one JSON line per frame, then a
 * summary. quickstart.sh builds and calls it; it is also an example of an application around the
 * elements, with the metadata read in a pad probe.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/quickstart/summary.h"

#include <glib-unix.h>
#include <stdlib.h>
#include <string.h>

/* How long to wait for the first picture, for the next one of a live source, and, once the end was
 * asked for, for it to come. */
#define PATIENCE_US (20 * G_USEC_PER_SEC)
#define FAREWELL_US (3 * G_USEC_PER_SEC)

typedef struct Player {
    GMainLoop *loop;
    GstElement *pipeline;
    const char *source; /* NULL: the test picture */
    guint wanted;       /* frames; 0: all */
    GMutex lock;        /* of summary, last and done: the probe is in the streaming thread */
    Summary *summary;
    gint64 last;   /* when a frame came, or the start, microseconds */
    gint64 ending; /* when the end was asked for; 0: not yet */
    gboolean live;
    gboolean done; /* as many frames as wanted */
    char *error;   /* a sentence */
} Player;

static void fail(Player *player, char *sentence)
{
    if (!player->error)
        player->error = sentence;
    else
        g_free(sentence);
    g_main_loop_quit(player->loop);
}

/* Before convnext: lets through as many frames as wanted. */
static GstPadProbeReturn on_frame_in(GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
    Player *player = user_data;
    gboolean done;

    g_mutex_lock(&player->lock);
    done = player->done;
    g_mutex_unlock(&player->lock);
    return done ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
}

/* After convnextpublish, which has printed the frame's line. */
static GstPadProbeReturn on_frame_out(GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
    Player *player = user_data;
    gboolean done = FALSE;

    g_mutex_lock(&player->lock);
    summary_add(player->summary, GST_PAD_PROBE_INFO_BUFFER(info));
    player->last = g_get_monotonic_time();
    if (player->wanted && !player->done && summary_frames(player->summary) >= player->wanted)
        done = player->done = TRUE;
    g_mutex_unlock(&player->lock);
    if (done)
        g_main_loop_quit(player->loop);
    return GST_PAD_PROBE_OK;
}

/* Elements of GStreamer put what happened at the end of their debug text, after the place in their
 * source; ours put it in the message itself. */
static void on_error(GstBus *bus, GstMessage *message, gpointer user_data)
{
    Player *player = user_data;
    GError *error = NULL;
    char *debug = NULL;
    const char *cause = NULL;
    const char *name = player->source ? player->source : "the test picture";

    gst_message_parse_error(message, &error, &debug);
    if (debug && (cause = strrchr(debug, '\n')))
        cause++;
    if (g_str_has_prefix(GST_MESSAGE_SRC_NAME(message), "convnext"))
        fail(player, g_strdup(error->message));
    else if (cause && *cause)
        fail(player, g_strdup_printf("cannot play %s: %s %s", name, error->message, cause));
    else
        fail(player, g_strdup_printf("cannot play %s: %s", name, error->message));
    g_error_free(error);
    g_free(debug);
}

static void on_eos(GstBus *bus, GstMessage *message, gpointer user_data)
{
    g_main_loop_quit(((Player *)user_data)->loop);
}

/* The first Ctrl-C ends the stream, so that the summary is of all that was printed. */
static gboolean on_interrupt(gpointer user_data)
{
    Player *player = user_data;

    if (player->ending) {
        g_main_loop_quit(player->loop);
        return G_SOURCE_CONTINUE;
    }
    player->ending = g_get_monotonic_time();
    gst_element_send_event(player->pipeline, gst_event_new_eos());
    return G_SOURCE_CONTINUE;
}

/* A server or a camera that is silent would be waited for without end. */
static gboolean on_second(gpointer user_data)
{
    Player *player = user_data;
    gint64 now = g_get_monotonic_time(), last;
    guint frames;

    g_mutex_lock(&player->lock);
    last = player->last;
    frames = summary_frames(player->summary);
    g_mutex_unlock(&player->lock);

    if (player->ending) {
        if (now - player->ending > FAREWELL_US)
            g_main_loop_quit(player->loop);
    } else if (now - last > PATIENCE_US && (player->live || frames == 0)) {
        fail(player, g_strdup_printf("no picture came from %s for %d seconds",
                                     player->source ? player->source : "the test picture",
                                     (int)(PATIENCE_US / G_USEC_PER_SEC)));
    }
    return G_SOURCE_CONTINUE;
}

/* A sound file, or one whose video no decoder here reads, ends without having shown a pad. */
static void on_no_more_pads(GstElement *decoder, gpointer user_data)
{
    GstElement *pipeline = user_data;

    if (decoder->numsrcpads == 0)
        GST_ELEMENT_ERROR(pipeline, STREAM, WRONG_TYPE, ("It has no video that can be decoded."),
                          (NULL));
}

/* What a word on the command line stands for, as the start of a pipeline. */
static const char *source_description(const char *source)
{
    if (!source)
        return "videotestsrc num-buffers=150 ! video/x-raw,width=640,height=360,framerate=30/1";
    if (g_str_has_prefix(source, "/dev/"))
        return "v4l2src name=source ! decodebin name=decoder";
    return "uridecodebin name=decoder expose-all-streams=false caps=video/x-raw(ANY)";
}

static GstElement *pipeline_new(const char *source, gboolean live, const char *model,
                                GError **error)
{
    /* A live picture that comes while the network is at work replaces the one that waits. */
    char *description =
        g_strdup_printf("%s ! queue max-size-buffers=%d max-size-bytes=0 max-size-time=0 leaky=%s "
                        "! convnext name=convnext ! convnextpublish name=convnextpublish "
                        "! fakesink sync=false",
                        source_description(source), live ? 1 : 4, live ? "downstream" : "no");
    GstElement *pipeline = gst_parse_launch(description, error);
    GstElement *element;

    g_free(description);
    if (!pipeline)
        return NULL;
    if (*error) { /* a pipeline without the element that is missing */
        gst_object_unref(pipeline);
        return NULL;
    }

    if ((element = gst_bin_get_by_name(GST_BIN(pipeline), "source"))) {
        g_object_set(element, "device", source, NULL);
        gst_object_unref(element);
    } else if ((element = gst_bin_get_by_name(GST_BIN(pipeline), "decoder"))) {
        char *uri =
            gst_uri_is_valid(source) ? g_strdup(source) : gst_filename_to_uri(source, error);

        g_object_set(element, "uri", uri, NULL);
        g_signal_connect(element, "no-more-pads", G_CALLBACK(on_no_more_pads), pipeline);
        gst_object_unref(element);
        g_free(uri);
    }
    if (model) {
        element = gst_bin_get_by_name(GST_BIN(pipeline), "convnext");
        g_object_set(element, "model", model, NULL);
        gst_object_unref(element);
    }
    return pipeline;
}

static void add_probe(Player *player, const char *element_name, const char *pad_name,
                      GstPadProbeCallback callback)
{
    GstElement *element = gst_bin_get_by_name(GST_BIN(player->pipeline), element_name);
    GstPad *pad = gst_element_get_static_pad(element, pad_name);

    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, callback, player, NULL);
    gst_object_unref(pad);
    gst_object_unref(element);
}

/* Plays to the end, to as many frames as wanted, to Ctrl-C or to the first error. */
static void play(Player *player)
{
    GstBus *bus = gst_element_get_bus(player->pipeline);
    guint sources[3];
    GstStateChangeReturn change;

    player->loop = g_main_loop_new(NULL, FALSE);
    gst_bus_add_signal_watch(bus);
    g_signal_connect(bus, "message::error", G_CALLBACK(on_error), player);
    g_signal_connect(bus, "message::eos", G_CALLBACK(on_eos), player);
    sources[0] = g_unix_signal_add(SIGINT, on_interrupt, player);
    sources[1] = g_unix_signal_add(SIGTERM, on_interrupt, player);
    sources[2] = g_timeout_add_seconds(1, on_second, player);
    add_probe(player, "convnext", "sink", on_frame_in);
    add_probe(player, "convnextpublish", "src", on_frame_out);

    player->last = g_get_monotonic_time();
    change = gst_element_set_state(player->pipeline, GST_STATE_PLAYING);
    player->live = change == GST_STATE_CHANGE_NO_PREROLL || player->live;
    g_main_loop_run(player->loop); /* a failed change has put its error on the bus */

    gst_element_set_state(player->pipeline, GST_STATE_NULL);
    for (guint i = 0; i < G_N_ELEMENTS(sources); i++)
        g_source_remove(sources[i]);
    gst_bus_remove_signal_watch(bus);
    gst_object_unref(bus);
    g_main_loop_unref(player->loop);
}

/* Returns whether it went well; prints the summary, and on the error output what went wrong. */
static gboolean classify(const char *source, const char *model, guint frames)
{
    Player player = {.source = source, .wanted = frames};
    GError *error = NULL;
    gboolean ok = FALSE;

    player.live = source && (g_str_has_prefix(source, "rtsp") || g_str_has_prefix(source, "/dev/"));
    if (source && !gst_uri_is_valid(source) && !g_file_test(source, G_FILE_TEST_EXISTS)) {
        g_printerr("quickstart: there is no file or device %s\n", source);
        return FALSE;
    }
    player.pipeline = pipeline_new(source, player.live, model, &error);
    if (!player.pipeline) {
        g_printerr("quickstart: cannot make the pipeline: %s\n", error->message);
        g_error_free(error);
        return FALSE;
    }

    g_mutex_init(&player.lock);
    player.summary = summary_new();
    play(&player);
    if (!player.error && summary_frames(player.summary) == 0 && !player.ending)
        player.error = g_strdup_printf("%s has no video frame", source);
    if (summary_frames(player.summary) > 0)
        summary_print(player.summary, source ? source : "the test picture");
    if (player.error)
        g_printerr("quickstart: %s\n", player.error);
    else
        ok = TRUE;

    g_free(player.error);
    summary_free(player.summary);
    gst_object_unref(player.pipeline);
    g_mutex_clear(&player.lock);
    return ok;
}

int main(int argc, char **argv)
{
    int frames = 0;
    char *model = NULL, **sources = NULL;
    const GOptionEntry entries[] = {
        {"frames", 'n', 0, G_OPTION_ARG_INT, &frames, "Stop after that many frames", "N"},
        {"model", 'm', 0, G_OPTION_ARG_FILENAME, &model,
         "A checkpoint or its folder, in place of the bundled model", "PATH"},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &sources, NULL,
         "[FILE | rtsp://... | /dev/videoN]"},
        {NULL},
    };
    GOptionContext *context = g_option_context_new(NULL);
    GError *error = NULL;
    gboolean ok = FALSE;

    g_option_context_set_summary(
        context, "Classifies a file, an RTSP stream or a camera, or a test picture when none is "
                 "given:\none JSON line per frame, then a summary.");
    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_add_group(context, gst_init_get_option_group());
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        g_printerr("quickstart: %s\n", error->message);
        g_error_free(error);
    } else if (frames < 0) {
        g_printerr("quickstart: --frames takes a number from 1, or 0 for all\n");
    } else if (sources && sources[1]) {
        g_printerr("quickstart: one source at a time; '%s' is one too many\n", sources[1]);
    } else {
        ok = classify(sources ? sources[0] : NULL, model, frames);
    }

    g_option_context_free(context);
    g_strfreev(sources);
    g_free(model);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
