/* The effect of an element on live video: bench-live [OPTION...] ELEMENT [REST]
 *
 *   camera ! ELEMENT ! REST ! fakesink      and in turns      camera ! REST ! fakesink
 *
 * ELEMENT is, for example, `convnext mode=latest model=convnext_base.safetensors input-size=416`;
 * REST is what follows it, like `videobalance brightness=0.1`, or empty. The camera behaves like a
 * driver: at each tick of its clock it takes a free buffer from a small pool, to fill it until the
 * next tick, and pushes the full one. It loses a frame if no buffer is free at that moment or if it
 * is still pushing the previous one. There is no queue after it, and the sink shows a frame when it
 * arrives.
 *
 * Prints, with ELEMENT and without, over all turns:
 *
 *   ticks, lost, late  frames; late means by more than 20 ms, after which a video sink drops a
 * frame jitter             how much the intervals between arrivals differ from those between ticks:
 *                      percentiles of a turn, medians over the turns
 *   no buffer free     how often
 *   camera thread      processor time per frame, mean and maximum
 *
 * With --reload, the element's model alternates between two files once a second.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE
#include <errno.h>
#include <gst/gst.h>
#include <gst/video/video.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/bench/clock.h"

#define TURNS_MAX 100
#define LATE_MS 20

static struct {
    int rounds, seconds, fps, width, height, pool;
    char *reload;
} options = {.rounds = 3, .seconds = 5, .fps = 30, .width = 1280, .height = 720, .pool = 4};

static const GOptionEntry entries[] = {
    {"rounds", 0, 0, G_OPTION_ARG_INT, &options.rounds,
     "turns with and without ELEMENT (default: 3)", "N"},
    {"seconds", 0, 0, G_OPTION_ARG_INT, &options.seconds,
     "length of a turn in seconds (default: 5)", "S"},
    {"fps", 0, 0, G_OPTION_ARG_INT, &options.fps, "frames per second (default: 30)", "N"},
    {"width", 0, 0, G_OPTION_ARG_INT, &options.width, "width of a frame (default: 1280)", "PIXELS"},
    {"height", 0, 0, G_OPTION_ARG_INT, &options.height, "height of a frame (default: 720)",
     "PIXELS"},
    {"pool", 0, 0, G_OPTION_ARG_INT, &options.pool, "buffers of the camera (default: 4)", "N"},
    {"reload", 0, 0, G_OPTION_ARG_FILENAME, &options.reload, "second model to alternate with",
     "MODEL"},
    {NULL},
};

/* Sums over all turns of one kind. */
typedef struct Tally {
    int ticks, arrived, late, no_buffer, turns;
    double p50[TURNS_MAX], p99[TURNS_MAX], max[TURNS_MAX]; /* jitter, ms; [turns] */
    double thread_ms, thread_max_ms;
} Tally;

typedef struct Turn {
    Tally *tally;
    GstElement *pipeline, *convnext; /* convnext: may be NULL */
    GstPad *pad;
    GstBufferPool *pool;
    double start, period; /* ms */
    double last_arrival;  /* ms */
    int last_frame;       /* -1: none yet */
    int ticks;
    double *jitter; /* ms, [ticks] */
    int jitters;    /* filled */
} Turn;

static void exit_on_error(const GError *error)
{
    if (error)
        g_error("%s", error->message);
}

/* On the sink's pad. */
static GstPadProbeReturn on_arrival(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    Turn *turn = data;
    Tally *tally = turn->tally;
    const double now = clock_ms();
    const int frame = (int)GST_BUFFER_OFFSET(GST_PAD_PROBE_INFO_BUFFER(info));

    if (turn->last_frame >= 0)
        turn->jitter[turn->jitters++] =
            ABS(now - turn->last_arrival - (frame - turn->last_frame) * turn->period);
    tally->arrived++;
    tally->late += now - (turn->start + frame * turn->period) > LATE_MS;
    turn->last_arrival = now;
    turn->last_frame = frame;
    return GST_PAD_PROBE_OK;
}

/* The camera */

static void sleep_until(double ms)
{
    const struct timespec when = {(time_t)(ms / 1e3), (long)(fmod(ms, 1e3) * 1e6)};

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, NULL) == EINTR)
        ;
}

/* A free buffer to fill until the next tick; NULL if there is none. */
static GstBuffer *take_buffer(Turn *turn)
{
    GstBufferPoolAcquireParams now = {.flags = GST_BUFFER_POOL_ACQUIRE_FLAG_DONTWAIT};
    GstBuffer *buffer = NULL;

    turn->tally->no_buffer +=
        gst_buffer_pool_acquire_buffer(turn->pool, &buffer, &now) != GST_FLOW_OK;
    return buffer;
}

static double thread_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec * 1e-6;
}

static gpointer camera_main(gpointer data)
{
    Turn *turn = data;
    Tally *tally = turn->tally;
    GstBuffer *filling = take_buffer(turn);

    for (int i = 0; i < turn->ticks; i++) {
        const double tick = turn->start + i * turn->period;

        if (clock_ms() > tick + turn->period)
            continue;
        sleep_until(tick);
        const double begin = thread_ms();
        GstBuffer *buffer = filling;

        filling = take_buffer(turn);
        if (!buffer)
            continue;
        GST_BUFFER_OFFSET(buffer) = (guint64)i;
        GST_BUFFER_PTS(buffer) = (GstClockTime)(i * turn->period * 1e6);
        if (gst_pad_push(turn->pad, buffer) != GST_FLOW_OK)
            g_error("frame %d could not be pushed", i);
        const double ms = thread_ms() - begin;

        tally->thread_ms += ms;
        tally->thread_max_ms = MAX(tally->thread_max_ms, ms);
    }
    gst_clear_buffer(&filling);
    return NULL;
}

static void start_camera(Turn *turn, GstElement *first)
{
    g_autoptr(GstCaps) caps = NULL;
    g_autoptr(GstPad) peer = gst_element_get_static_pad(first, "sink");
    GstVideoInfo info;
    GstSegment segment;
    GstStructure *config;

    caps = gst_caps_new_simple("video/x-raw", "format", G_TYPE_STRING, "NV12", "width", G_TYPE_INT,
                               options.width, "height", G_TYPE_INT, options.height, "framerate",
                               GST_TYPE_FRACTION, options.fps, 1, NULL);
    gst_video_info_from_caps(&info, caps);
    turn->pool = gst_video_buffer_pool_new();
    config = gst_buffer_pool_get_config(turn->pool);
    gst_buffer_pool_config_set_params(config, caps, (guint)GST_VIDEO_INFO_SIZE(&info),
                                      (guint)options.pool, (guint)options.pool);
    gst_buffer_pool_set_config(turn->pool, config);
    gst_buffer_pool_set_active(turn->pool, TRUE);
    gst_segment_init(&segment, GST_FORMAT_TIME);
    turn->pad = gst_pad_new("camera", GST_PAD_SRC);
    gst_pad_set_active(turn->pad, TRUE);
    if (gst_pad_link(turn->pad, peer) != GST_PAD_LINK_OK)
        g_error("the elements do not accept NV12 video");
    gst_pad_push_event(turn->pad, gst_event_new_stream_start("camera"));
    gst_pad_push_event(turn->pad, gst_event_new_caps(caps));
    gst_pad_push_event(turn->pad, gst_event_new_segment(&segment));
}

/* Turns */

static GstElement *find_convnext(GstElement *pipeline)
{
    g_autoptr(GstIterator) it =
        gst_bin_iterate_all_by_element_factory_name(GST_BIN(pipeline), "convnext");
    g_auto(GValue) value = G_VALUE_INIT;

    if (gst_iterator_next(it, &value) == GST_ITERATOR_OK)
        return g_value_dup_object(&value);
    return NULL;
}

static void reload_once_a_second(Turn *turn)
{
    g_autofree char *first = NULL;

    g_object_get(turn->convnext, "model", &first, NULL);
    for (int second = 1; second < options.seconds; second++) {
        sleep_until(turn->start + second * 1e3);
        g_object_set(turn->convnext, "model", second % 2 ? options.reload : first, NULL);
    }
}

static void print_inference(GstElement *convnext, double period)
{
    g_autoptr(GstStructure) stats = NULL;
    guint64 inferred = 0, replaced = 0;
    double p50 = 0, preprocess = 0;

    g_object_get(convnext, "stats", &stats, NULL);
    gst_structure_get(stats, "inferred", G_TYPE_UINT64, &inferred, "replaced", G_TYPE_UINT64,
                      &replaced, "inference-p50", G_TYPE_DOUBLE, &p50, "preprocess-p50",
                      G_TYPE_DOUBLE, &preprocess, NULL);
    printf("# turn: %d inferences, %d frames replaced; an inference takes %.1f ms (%.1f frame "
           "periods), its preprocessing %.3f ms\n",
           (int)inferred, (int)replaced, p50, p50 / period, preprocess);
}

static void take_percentiles(Turn *turn)
{
    Tally *tally = turn->tally;
    const int n = turn->jitters, i = tally->turns++;

    if (n == 0)
        g_error("fewer than two frames arrived");
    qsort(turn->jitter, (size_t)n, sizeof *turn->jitter, clock_compare);
    tally->p50[i] = turn->jitter[n / 2];
    tally->p99[i] = turn->jitter[n * 99 / 100];
    tally->max[i] = turn->jitter[n - 1];
}

static void play_turn(const char *element, const char *rest, Tally *tally)
{
    g_autoptr(GstElement) first = NULL, sink = NULL;
    g_autoptr(GstPad) pad = NULL;
    g_autoptr(GstBus) bus = NULL;
    g_autofree char *line =
        g_strdup_printf("identity name=first silent=true ! %s%s%s%s fakesink name=sink sync=false "
                        "async=false",
                        element, *element ? " ! " : "", rest, *rest ? " !" : "");
    GError *error = NULL;
    Turn turn = {.tally = tally,
                 .pipeline = gst_parse_launch(line, &error),
                 .period = 1e3 / options.fps,
                 .last_frame = -1,
                 .ticks = options.fps * options.seconds};

    exit_on_error(error);
    first = gst_bin_get_by_name(GST_BIN(turn.pipeline), "first");
    sink = gst_bin_get_by_name(GST_BIN(turn.pipeline), "sink");
    pad = gst_element_get_static_pad(sink, "sink");
    bus = gst_element_get_bus(turn.pipeline);
    turn.convnext = find_convnext(turn.pipeline);
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, on_arrival, &turn, NULL);
    if (gst_element_set_state(turn.pipeline, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE)
        g_error("cannot play %s", line);
    start_camera(&turn, first);
    tally->ticks += turn.ticks;
    turn.jitter = g_new(double, turn.ticks);
    turn.start = clock_ms() + turn.period;
    GThread *camera = g_thread_new("camera", camera_main, &turn);

    if (options.reload && turn.convnext)
        reload_once_a_second(&turn);
    g_thread_join(camera);
    gst_pad_push_event(turn.pad, gst_event_new_eos()); /* frames still in a queue are not lost */
    gst_message_unref(gst_bus_timed_pop_filtered(bus, GST_CLOCK_TIME_NONE, GST_MESSAGE_EOS));
    if (turn.convnext)
        print_inference(turn.convnext, turn.period);
    take_percentiles(&turn);
    gst_element_set_state(turn.pipeline, GST_STATE_NULL);
    gst_pad_set_active(turn.pad, FALSE);
    gst_buffer_pool_set_active(turn.pool, FALSE);
    gst_clear_object(&turn.convnext);
    gst_object_unref(turn.pad);
    gst_object_unref(turn.pool);
    gst_object_unref(turn.pipeline);
    g_free(turn.jitter);
}

static void print_tally(const char *name, Tally *tally)
{
    printf("%-8s %d ticks, %d lost, %d late; jitter p50 %.3f, p99 %.3f, max %.3f ms; no buffer "
           "free %d times; camera thread %.3f ms per frame, at most %.3f\n",
           name, tally->ticks, tally->ticks - tally->arrived, tally->late,
           clock_median(tally->p50, tally->turns), clock_median(tally->p99, tally->turns),
           clock_median(tally->max, tally->turns), tally->no_buffer,
           tally->thread_ms / MAX(tally->arrived, 1), tally->thread_max_ms);
}

int main(int argc, char **argv)
{
    g_autoptr(GOptionContext) context = g_option_context_new("ELEMENT [REST]");
    static Tally with, without;
    GError *error = NULL;

    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_add_group(context, gst_init_get_option_group());
    g_option_context_parse(context, &argc, &argv, &error);
    exit_on_error(error);
    if (argc < 2 || argc > 3)
        g_error("bench-live takes ELEMENT and REST, one argument each");
    const char *rest = argc > 2 ? argv[2] : "";

    options.rounds = CLAMP(options.rounds, 1, TURNS_MAX);
    for (int round = 0; round < options.rounds; round++) {
        play_turn("", rest, &without);
        play_turn(argv[1], rest, &with);
    }
    print_tally("without", &without);
    print_tally("with", &with);
    return 0;
}
