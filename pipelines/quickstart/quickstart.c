/* Classifies a file, an RTSP stream, a camera or a test picture: a line for each change of the
 * state or, with --json, for each result, then a summary. quickstart.sh builds and runs it. It is
 * also an example of an application that reads the metadata in a pad probe.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/quickstart/picture.h"
#include "pipelines/quickstart/summary.h"

#include <glib-unix.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pipelines/common/decoder.h"
#include "pipelines/common/print.h"
#include "pipelines/common/track.h"

/* How long to wait for the first frame, or for the next one of a live source. */
#define FRAME_TIMEOUT_US (20 * G_USEC_PER_SEC)

/* How long to wait for the end of the stream after Ctrl-C. */
#define EOS_TIMEOUT_US (3 * G_USEC_PER_SEC)

typedef struct Player {
    GMainLoop *loop;
    GstElement *pipeline;
    const char *source; /* NULL for the test picture */
    guint frame_limit;  /* 0 means no limit */
    gboolean is_json;   /* prints each result instead of the states */
    GMutex lock;        /* protects the next three and is_done from the streaming thread */
    char *state;        /* the last label, or NULL */
    Summary *summary;
    Picture picture;
    gint64 last_time; /* of the last frame, or of the start, microseconds */
    gint64 eos_time;  /* when Ctrl-C requested the end of the stream, or 0 */
    gboolean is_live;
    gboolean is_done; /* frame_limit is reached */
    char *error;      /* one sentence */
} Player;

/* The source's name in messages. */
static const char *source_name(const Player *player)
{
    return player->source ? player->source : "the test picture";
}

/* Keeps the first error, and takes ownership of sentence. */
static void stop_with_error(Player *player, char *sentence)
{
    if (!player->error)
        player->error = sentence;
    else
        g_free(sentence);
    g_main_loop_quit(player->loop);
}

/* The end of the stream closes a file that is written; without one, nothing has to be waited for.
 */
static void end_stream(Player *player)
{
    if (!player->picture.file) {
        g_main_loop_quit(player->loop);
        return;
    }
    player->eos_time = g_get_monotonic_time();
    gst_element_send_event(player->pipeline, gst_event_new_eos());
}

/* Callbacks */

/* Before convnext: drops frames after the limit. */
static GstPadProbeReturn on_frame_in(GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
    Player *player = user_data;
    gboolean is_done;

    g_mutex_lock(&player->lock);
    is_done = player->is_done;
    g_mutex_unlock(&player->lock);
    return is_done ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
}

static gboolean on_limit(gpointer user_data)
{
    end_stream(user_data);
    return G_SOURCE_REMOVE;
}

/* After convnextpublish, which has printed the frame's line. */
static GstPadProbeReturn on_frame_out(GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
    Player *player = user_data;
    gboolean reaches_limit = FALSE;

    g_mutex_lock(&player->lock);
    summary_add(player->summary, GST_PAD_PROBE_INFO_BUFFER(info));
    player->last_time = g_get_monotonic_time();
    if (player->frame_limit && !player->is_done &&
        summary_frames(player->summary) >= player->frame_limit)
        reaches_limit = player->is_done = TRUE;
    g_mutex_unlock(&player->lock);
    if (reaches_limit)
        g_idle_add(on_limit, player);
    return GST_PAD_PROBE_OK;
}

/* Of the line that is written over and over on a terminal. */
static void clear_progress(void)
{
    if (isatty(STDERR_FILENO))
        g_printerr("\r\033[K");
}

static void show_progress(Player *player, gint64 now)
{
    if (player->is_json || !isatty(STDERR_FILENO))
        return;
    g_mutex_lock(&player->lock);
    g_autofree char *state = print_clean(player->state ? player->state : "no state yet", 60);
    const guint frames = summary_frames(player->summary);
    const double fps = summary_rate(player->summary, now);
    g_mutex_unlock(&player->lock);
    clear_progress();
    g_printerr("%u frames, %.1f fps, %s", frames, fps, state);
}

static void on_element(GstBus *bus, GstMessage *message, gpointer user_data)
{
    Player *player = user_data;
    g_autoptr(GstElement) decoder = gst_bin_get_by_name(GST_BIN(player->pipeline), "decoder");

    if (decoder)
        decoder_note(decoder, message);
}

/* In the thread that has classified the frame, so that no change is lost at the end. */
static void on_state(GstBus *bus, GstMessage *message, gpointer user_data)
{
    Player *player = user_data;
    const GstStructure *s = gst_message_get_structure(message);
    const char *label = gst_structure_get_string(s, "new");
    guint64 time = 0;
    double score;

    if (player->is_json || !gst_structure_has_name(s, "convnext-state-changed"))
        return;
    gst_structure_get(s, "running-time", G_TYPE_UINT64, &time, NULL);
    g_autofree char *clean = print_clean(label ? label : "no state", PRINT_MAX_PART);
    clear_progress();
    g_print("%u:%02u:%02u  %s", (guint)(time / GST_SECOND / 3600),
            (guint)(time / GST_SECOND / 60 % 60), (guint)(time / GST_SECOND % 60), clean);
    if (gst_structure_get(s, "score", G_TYPE_DOUBLE, &score, NULL))
        g_print(" %.2f", score);
    g_print("\n");
    g_mutex_lock(&player->lock);
    g_free(player->state);
    player->state = g_strdup(label);
    g_mutex_unlock(&player->lock);
}

/* GStreamer's elements put the cause on the last line of the debug text; the elements of this
 * project put it in the message itself. */
static void on_error(GstBus *bus, GstMessage *posted, gpointer user_data)
{
    Player *player = user_data;
    g_autoptr(GstElement) decoder = gst_bin_get_by_name(GST_BIN(player->pipeline), "decoder");
    g_autoptr(GstMessage) message = gst_message_ref(posted);
    g_autoptr(GError) error = NULL;
    g_autofree char *debug = NULL;
    const char *cause = NULL;

    if (decoder)
        message = decoder_explain(decoder, message);
    gst_message_parse_error(message, &error, &debug);
    if (debug && (cause = strrchr(debug, '\n')))
        cause++;
    if (g_str_has_prefix(GST_MESSAGE_SRC_NAME(message), "convnext"))
        stop_with_error(player, g_strdup(error->message));
    else if (picture_verb(message))
        stop_with_error(player,
                        g_strdup_printf("cannot %s the picture: %s %s", picture_verb(message),
                                        error->message, cause ? cause : ""));
    else if (cause && *cause)
        stop_with_error(player, g_strdup_printf("cannot play %s: %s %s", source_name(player),
                                                error->message, cause));
    else
        stop_with_error(player,
                        g_strdup_printf("cannot play %s: %s", source_name(player), error->message));
}

/* Warnings of GStreamer's elements are for developers. */
static void on_warning(GstBus *bus, GstMessage *message, gpointer user_data)
{
    g_autoptr(GError) error = NULL;

    gst_message_parse_warning(message, &error, NULL);
    if (picture_has_no_window(message))
        stop_with_error(user_data,
                        g_strdup_printf("cannot open a window: %s; is a display running, and is "
                                        "gstreamer1.0-x installed? --write FILE.mp4 writes the "
                                        "picture to a file",
                                        error->message));
    else if (g_str_has_prefix(GST_MESSAGE_SRC_NAME(message), "convnext") || picture_verb(message))
        g_printerr("quickstart: %s\n", error->message);
}

/* Notes about the tracks of a stream. */
static void on_info(GstBus *bus, GstMessage *message, gpointer user_data)
{
    g_autoptr(GError) error = NULL;

    if (g_strcmp0(GST_MESSAGE_SRC_NAME(message), "decoder") != 0)
        return;
    gst_message_parse_info(message, &error, NULL);
    print_error("quickstart", "%s: %s", source_name(user_data), error->message);
}

static void on_eos(GstBus *bus, GstMessage *message, gpointer user_data)
{
    g_main_loop_quit(((Player *)user_data)->loop);
}

/* The first Ctrl-C ends the stream, so that the summary covers everything that was printed. */
static gboolean on_interrupt(gpointer user_data)
{
    Player *player = user_data;

    if (player->eos_time) {
        g_main_loop_quit(player->loop);
        return G_SOURCE_CONTINUE;
    }
    player->eos_time = g_get_monotonic_time();
    gst_element_send_event(player->pipeline, gst_event_new_eos());
    return G_SOURCE_CONTINUE;
}

/* Stops waiting for a server or a camera that sends nothing. */
static gboolean on_second(gpointer user_data)
{
    Player *player = user_data;
    const gint64 now = g_get_monotonic_time();
    gint64 last_time;
    guint frames;

    show_progress(player, now);
    g_mutex_lock(&player->lock);
    last_time = player->last_time;
    frames = summary_frames(player->summary);
    g_mutex_unlock(&player->lock);

    if (player->eos_time) {
        if (now - player->eos_time > EOS_TIMEOUT_US)
            g_main_loop_quit(player->loop);
    } else if (now - last_time > FRAME_TIMEOUT_US && (player->is_live || frames == 0)) {
        stop_with_error(player,
                        g_strdup_printf("no frame from %s for %d seconds", source_name(player),
                                        (int)(FRAME_TIMEOUT_US / G_USEC_PER_SEC)));
    }
    return G_SOURCE_CONTINUE;
}

/* The pipeline */

/* The elements for the source, in gst-launch syntax. A decoder is linked to the queue later. */
static const char *source_description(const char *source)
{
    if (!source)
        return "videotestsrc num-buffers=150 ! video/x-raw,width=640,height=360,framerate=30/1 !";
    if (g_str_has_prefix(source, "/dev/"))
        return "v4l2src name=source ! decodebin name=decoder";
    return "uridecodebin name=decoder expose-all-streams=false caps=video/x-raw(ANY)";
}

/* Sets the URI of the decoder, and its track if it is a file. FALSE with an error if it is a file
 * with an invalid name. */
static gboolean set_uri(GstElement *decoder, const char *source, GError **error)
{
    g_autofree char *uri =
        gst_uri_is_valid(source) ? g_strdup(source) : gst_filename_to_uri(source, error);
    g_auto(TrackChoice) choice = {0};

    if (!uri)
        return FALSE;
    g_object_set(decoder, "uri", uri, NULL);
    track_find(uri, NULL, &choice);
    if (choice.stream_id)
        decoder_choose(decoder, choice.stream_id);
    if (choice.note)
        print_error("quickstart", "%s: %s", source, choice.note);
    return TRUE;
}

static gboolean set_source(GstElement *pipeline, const char *source, gboolean is_live,
                           GError **error)
{
    g_autoptr(GstElement) device = gst_bin_get_by_name(GST_BIN(pipeline), "source");
    g_autoptr(GstElement) decoder = gst_bin_get_by_name(GST_BIN(pipeline), "decoder");
    g_autoptr(GstElement) queue = gst_bin_get_by_name(GST_BIN(pipeline), "queue");
    g_autoptr(GstPad) input = gst_element_get_static_pad(queue, "sink");

    if (!decoder)
        return TRUE;
    decoder_connect(decoder, input, is_live);
    if (device)
        g_object_set(device, "device", source, NULL);
    return device || set_uri(decoder, source, error);
}

/* How the network runs; NULL means the element's default. */
typedef struct Run {
    char *model, *precision;
    gboolean is_json;
} Run;

static void set_run(GstElement *pipeline, const Run *run)
{
    g_autoptr(GstElement) convnext = gst_bin_get_by_name(GST_BIN(pipeline), "convnext");
    g_autoptr(GstElement) publish = gst_bin_get_by_name(GST_BIN(pipeline), "convnextpublish");

    if (!run->is_json) { /* the states of convnext-watch */
        gst_util_set_object_arg(G_OBJECT(convnext), "smoothing", "majority");
        g_object_set(convnext, "smoothing-time", (guint64)(3 * GST_SECOND), NULL);
        g_object_set(publish, "location", "/dev/null", NULL);
    }
    if (run->model)
        g_object_set(convnext, "model", run->model, NULL);
    if (run->precision)
        gst_util_set_object_arg(G_OBJECT(convnext), "precision", run->precision);
}

static GstElement *pipeline_new(const char *source, gboolean is_live, const Run *run,
                                const Picture *picture, GError **error)
{
    /* A live frame that arrives while the network runs replaces the one in the queue. */
    g_autofree char *rest = picture_description(picture);
    g_autofree char *description = g_strdup_printf(
        "%s queue name=queue max-size-buffers=%d max-size-bytes=0 max-size-time=0 "
        "leaky=%s ! convnext name=convnext ! convnextpublish name=convnextpublish "
        "! %s",
        source_description(source), is_live ? 1 : 4, is_live ? "downstream" : "no", rest);
    g_autoptr(GstElement) pipeline = gst_parse_launch(description, error);

    /* If an element is not installed, gst_parse_launch() returns a pipeline without it and an
     * error. */
    if (!pipeline || *error || !set_source(pipeline, source, is_live, error))
        return NULL;
    set_run(pipeline, run);
    picture_connect(picture, pipeline);
    return g_steal_pointer(&pipeline);
}

static void add_probe(Player *player, const char *element_name, const char *pad_name,
                      GstPadProbeCallback callback)
{
    g_autoptr(GstElement) element = gst_bin_get_by_name(GST_BIN(player->pipeline), element_name);
    g_autoptr(GstPad) pad = gst_element_get_static_pad(element, pad_name);

    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, callback, player, NULL);
}

/* Plays until the end, the frame limit, Ctrl-C or the first error. */
static void play(Player *player)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    g_autoptr(GstBus) bus = gst_element_get_bus(player->pipeline);
    guint sources[3];
    GstStateChangeReturn change;

    player->loop = loop;
    gst_bus_add_signal_watch(bus);
    g_signal_connect(bus, "message::error", G_CALLBACK(on_error), player);
    g_signal_connect(bus, "message::warning", G_CALLBACK(on_warning), player);
    g_signal_connect(bus, "message::info", G_CALLBACK(on_info), player);
    g_signal_connect(bus, "message::element", G_CALLBACK(on_element), player);
    g_signal_connect(bus, "message::eos", G_CALLBACK(on_eos), player);
    gst_bus_enable_sync_message_emission(bus);
    g_signal_connect(bus, "sync-message::element", G_CALLBACK(on_state), player);
    sources[0] = g_unix_signal_add(SIGINT, on_interrupt, player);
    sources[1] = g_unix_signal_add(SIGTERM, on_interrupt, player);
    sources[2] = g_timeout_add_seconds(1, on_second, player);
    add_probe(player, "convnext", "sink", on_frame_in);
    add_probe(player, "convnextpublish", "src", on_frame_out);

    player->last_time = g_get_monotonic_time();
    change = gst_element_set_state(player->pipeline, GST_STATE_PLAYING);
    player->is_live = change == GST_STATE_CHANGE_NO_PREROLL || player->is_live;
    g_main_loop_run(player->loop); /* a failed state change has posted an error on the bus */

    gst_element_set_state(player->pipeline, GST_STATE_NULL);
    for (guint i = 0; i < G_N_ELEMENTS(sources); i++)
        g_source_remove(sources[i]);
    gst_bus_disable_sync_message_emission(bus);
    gst_bus_remove_signal_watch(bus);
    clear_progress();
}

/* Prints the name of the pad at which decodebin puts out the video of a file. */
static gboolean print_pad(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *uri = gst_filename_to_uri(path, &error);
    g_auto(TrackChoice) choice = {0};

    if (!uri) {
        print_error("quickstart", "%s", error->message);
        return FALSE;
    }
    track_find(uri, NULL, &choice);
    if (choice.is_sound) {
        print_error("quickstart", "cannot play %s: " DECODER_NO_VIDEO, path);
        return FALSE;
    }
    if (choice.note)
        print_error("quickstart", "%s: %s", path, choice.note);
    g_print("src_%u\n", choice.index);
    return TRUE;
}

/* Prints the summary, or an error on standard error. Returns whether it succeeded. */
static gboolean classify(const char *source, const Run *run, const Picture *picture,
                         guint frame_limit)
{
    Player player = {
        .source = source, .frame_limit = frame_limit, .is_json = run->is_json, .picture = *picture};
    g_autoptr(GstElement) pipeline = NULL;
    g_autoptr(Summary) summary = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *problem = NULL;

    player.is_live =
        source && (g_str_has_prefix(source, "rtsp") || g_str_has_prefix(source, "/dev/"));
    if (source && !gst_uri_is_valid(source) && !g_file_test(source, G_FILE_TEST_EXISTS)) {
        print_error("quickstart", "the file or device %s does not exist", source);
        return FALSE;
    }
    if (!picture_check(picture, source, &error)) {
        print_error("quickstart", "%s", error->message);
        return FALSE;
    }
    player.pipeline = pipeline = pipeline_new(source, player.is_live, run, picture, &error);
    if (!pipeline) {
        print_error("quickstart", "cannot make the pipeline: %s", error->message);
        return FALSE;
    }

    g_mutex_init(&player.lock);
    player.summary = summary = summary_new();
    play(&player);
    problem = player.error;
    if (!problem && summary_frames(summary) == 0 && !player.eos_time)
        problem = g_strdup_printf("%s has no video frame", source_name(&player));
    if (summary_frames(summary) > 0)
        summary_print(summary, source_name(&player));
    if (problem)
        print_error("quickstart", "%s", problem);
    g_mutex_clear(&player.lock);
    g_free(player.state);
    return !problem;
}

static gboolean print_version(void)
{
    g_print("convnext-quickstart " CONVNEXT_VERSION "\n");
    return TRUE;
}

/* Reads --frames. */
static gboolean read_frames(const char *text, guint *frames, GError **error)
{
    guint64 number;

    if (!g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT, &number, NULL)) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--frames is '%s', expected a number from 0 (all frames) to %d", text,
                    G_MAXINT);
        return FALSE;
    }
    *frames = (guint)number;
    return TRUE;
}

static gboolean check_arguments(const Run *run, char **sources, gboolean is_pad, GError **error)
{
    static const char *const precisions[] = {"auto", "fp32", "bf16", "int8", NULL};

    if (sources && sources[1])
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                    "expected one source, found a second one: '%s'", sources[1]);
    else if (sources && !*sources[0])
        g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "the source is empty");
    else if (run->precision && !g_strv_contains(precisions, run->precision))
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--precision is '%s', expected one of auto, fp32, bf16, int8", run->precision);
    else if (run->model && !*run->model)
        g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                            "--model is empty, expected a checkpoint or its folder");
    else if (is_pad && !(sources && g_file_test(sources[0], G_FILE_TEST_IS_REGULAR)))
        g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                            "--pad needs the name of a file");
    else
        return TRUE;
    return FALSE;
}

int main(int argc, char **argv)
{
    g_autofree char *frames = NULL, *model = NULL, *precision = NULL, *file = NULL;
    gboolean is_shown = FALSE;
    g_auto(GStrv) sources = NULL;
    gboolean is_pad = FALSE, is_json = FALSE, is_version = FALSE;
    const GOptionEntry entries[] = {
        {"frames", 'n', 0, G_OPTION_ARG_STRING, &frames,
         "Stop after N frames (default: 0, which plays all)", "N"},
        {"model", 'm', 0, G_OPTION_ARG_FILENAME, &model,
         "A checkpoint or its folder (default: the bundled model)", "PATH"},
        {"precision", 'p', 0, G_OPTION_ARG_STRING, &precision,
         "Precision of the network: fp32, bf16, int8 or auto (default)", "PRECISION"},
        {"json", 'j', 0, G_OPTION_ARG_NONE, &is_json,
         "Print a JSON line for each result instead of a line for each change of the state", NULL},
        {"show", 's', 0, G_OPTION_ARG_NONE, &is_shown,
         "Show the frames with their results in a window", NULL},
        {"write", 'w', 0, G_OPTION_ARG_FILENAME, &file,
         "Write the frames with their results to an MP4 file", "FILE.mp4"},
        {"pad", 0, 0, G_OPTION_ARG_NONE, &is_pad,
         "Print the pad of decodebin with the video of FILE, for gst-launch-1.0, and quit", NULL},
        {"version", 0, 0, G_OPTION_ARG_NONE, &is_version, "Print the version and quit", NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &sources, NULL,
         "[FILE | rtsp://... | /dev/videoN]"},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_autoptr(GError) error = NULL;
    guint frame_limit = 0;
    gboolean ok = FALSE;

    setlocale(LC_CTYPE, ""); /* does not change the format of numbers */
    g_option_context_set_summary(
        context, "Classifies a file, an RTSP stream or a camera; without a source, "
                 "a test picture. Prints\na line for each change of the state, then a summary.");
    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_add_group(context, gst_init_get_option_group());
    if (!g_option_context_parse(context, &argc, &argv, &error) ||
        (frames && !read_frames(frames, &frame_limit, &error)) ||
        !check_arguments(&(Run){model, precision, is_json}, sources, is_pad, &error))
        print_error("quickstart", "%s", error->message);
    else if (is_version)
        ok = print_version();
    else if (is_pad)
        ok = print_pad(sources[0]);
    else
        ok = classify(sources ? sources[0] : NULL, &(Run){model, precision, is_json},
                      &(Picture){is_shown, file}, frame_limit);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
