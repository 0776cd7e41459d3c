/* What an application does from its own threads while frames come: anything, at any time. Run with
 * ThreadSanitizer too.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>

#include "tests/gst/support/frames.h"
#include "tests/gst/support/network.h"

#define CAPS "video/x-raw,format=I420,width=160,height=120,framerate=25/1"
#define SETTERS 2
#define FRAMES 300
#define AFTERWARDS 30
#define INTERRUPTIONS 30

static char *networks[2];

static void setup(void)
{
    networks[0] = network_new();
    networks[1] = network_new_wide(2);
}

static void teardown(void)
{
    network_delete(networks[0]);
    network_delete(networks[1]);
}

static void set_something(GstElement *element, GRand *rand)
{
    static const char *const modes[] = {"sync", "latest"};
    static const char *const smoothings[] = {"none", "majority", "exponential"};
    static const char *const regions[] = {"full-frame", "objects"};

    switch (g_rand_int_range(rand, 0, 8)) {
    case 0:
        g_object_set(element, "model", networks[g_rand_int_range(rand, 0, 2)], NULL);
        break;
    case 1:
        g_object_set(element, "top-k", g_rand_int_range(rand, 1, 6), "threshold",
                     g_rand_double_range(rand, 0, 0.5), NULL);
        break;
    case 2:
        gst_util_set_object_arg(G_OBJECT(element), "mode", modes[g_rand_int_range(rand, 0, 2)]);
        break;
    case 3:
        gst_util_set_object_arg(G_OBJECT(element), "smoothing",
                                smoothings[g_rand_int_range(rand, 0, 3)]);
        break;
    case 4:
        g_object_set(element, "interval", g_rand_int_range(rand, 1, 4), "carry",
                     g_rand_boolean(rand), NULL);
        break;
    case 5:
        g_object_set(element, "change-threshold", g_rand_boolean(rand) ? 0.02 : 0.0,
                     "post-messages", g_rand_boolean(rand), NULL);
        break;
    case 6:
        gst_util_set_object_arg(G_OBJECT(element), "region", regions[g_rand_int_range(rand, 0, 2)]);
        g_object_set(element, "object-class", g_rand_boolean(rand) ? "car" : NULL, NULL);
        break;
    default:
        g_object_set(element, "labels", NULL, "threads", g_rand_int_range(rand, 0, 3), NULL);
    }
}

/* Each frame has a result then. */
static void set_ordinary(GstElement *element)
{
    gst_util_set_object_arg(G_OBJECT(element), "mode", "sync");
    gst_util_set_object_arg(G_OBJECT(element), "region", "full-frame");
    g_object_set(element, "interval", 1, "change-threshold", 0.0, NULL);
}

/* What an application reads, and what a sink tells and asks. */
static void read_something(GstElement *element, GRand *rand)
{
    static const char *const structures[] = {"stats", "model-info"};
    GstStructure *s = NULL;
    char *text = NULL;

    g_object_get(element, structures[g_rand_int_range(rand, 0, 2)], &s, "object-class", &text,
                 NULL);
    g_clear_pointer(&s, gst_structure_free);
    g_free(text);
    gst_element_send_event(element,
                           gst_event_new_qos(GST_QOS_TYPE_UNDERFLOW, 1.0,
                                             g_rand_int_range(rand, -1000, 1000), GST_SECOND));
    GstQuery *query = gst_query_new_latency();
    gst_element_query(element, query);
    gst_query_unref(query);
}

typedef struct Setter {
    GstElement *element;
    guint32 seed;
    GThread *thread;
} Setter;

static int enough; /* atomic: setters end */
static int ready;  /* atomic: setters that set nothing but the model any more */

static gpointer setter_main(gpointer data)
{
    const Setter *setter = data;
    GRand *rand = g_rand_new_with_seed(setter->seed);

    while (!g_atomic_int_get(&enough)) {
        set_something(setter->element, rand);
        read_something(setter->element, rand);
    }
    g_rand_free(rand);
    set_ordinary(setter->element);
    /* At the same time as the other one, and only one of them is the last. */
    g_atomic_int_inc(&ready);
    while (g_atomic_int_get(&ready) < SETTERS)
        g_thread_yield();
    g_object_set(setter->element, "model", networks[setter->seed % 2], NULL);
    return NULL;
}

static void start_setters(Setter *setters, GstElement *element)
{
    g_atomic_int_set(&enough, FALSE);
    g_atomic_int_set(&ready, 0);
    for (guint i = 0; i < SETTERS; i++) {
        setters[i] = (Setter){element, i + 1, NULL};
        setters[i].thread = g_thread_new("setter", setter_main, &setters[i]);
    }
}

static void join_setters(Setter *setters)
{
    g_atomic_int_set(&enough, TRUE);
    for (guint i = 0; i < SETTERS; i++)
        g_thread_join(setters[i].thread);
}

/* Whether the engine is the one of what was set last. */
static gboolean has_what_was_set(GstElement *element)
{
    GstStructure *info;
    char *model;

    g_object_get(element, "model-info", &info, "model", &model, NULL);
    gboolean has = g_str_equal(gst_structure_get_string(info, "path"), model);
    gst_structure_free(info);
    g_free(model);
    return has;
}

/* Each frame comes out, whatever is set, and in the end what was set last is what runs. */
GST_START_TEST(test_settings)
{
    Setter setters[SETTERS];
    GstHarness *h = frames_harness(networks[0], CAPS);
    GstBuffer *frames[2] = {frames_new(CAPS, FRAME_COLOURS, 0), frames_new(CAPS, FRAME_OTHER, 0)};
    guint i = 0;

    start_setters(setters, h->element);
    for (; i < FRAMES; i++) {
        GstBuffer *frame = gst_buffer_copy(frames[i % 2]);

        GST_BUFFER_PTS(frame) = 40 * i * GST_MSECOND;
        gst_buffer_unref(frames_through(h, frame));
    }
    join_setters(setters);
    /* First until what was asked for is there, for the engine before may be the right one now. */
    while (i < FRAMES + AFTERWARDS || !has_what_was_set(h->element))
        gst_buffer_unref(frames_through(h, frames_new(CAPS, FRAME_COLOURS, 40 * i++)));
    fail_unless_equals_uint64(frames_counter(h, "frames"), i);
    gst_buffer_unref(frames[0]);
    gst_buffer_unref(frames[1]);
    gst_harness_teardown(h);
}
GST_END_TEST;

static guint64 read_frames(GstElement *element)
{
    GstStructure *stats;
    guint64 frames = 0;

    g_object_get(element, "stats", &stats, NULL);
    gst_structure_get_uint64(stats, "frames", &frames);
    gst_structure_free(stats);
    return frames;
}

static void wait_for_frame(GstElement *element)
{
    guint64 before = read_frames(element);

    while (read_frames(element) == before)
        g_usleep(100);
}

/* The same, with flushes and restarts. */
GST_START_TEST(test_interrupted)
{
    Setter setters[SETTERS];
    char *line = g_strdup_printf("videotestsrc ! video/x-raw,width=160,height=120 ! convnext "
                                 "name=convnext model=%s ! fakesink sync=false",
                                 networks[0]);
    GstElement *pipeline = gst_parse_launch(line, NULL);
    GstElement *element = gst_bin_get_by_name(GST_BIN(pipeline), "convnext");

    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    start_setters(setters, element);
    for (guint i = 0; i < INTERRUPTIONS; i++) {
        gst_element_get_state(pipeline, NULL, NULL, GST_CLOCK_TIME_NONE);
        wait_for_frame(element);
        if (i % 3) {
            fail_unless(gst_element_seek_simple(pipeline, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, 0));
        } else {
            gst_element_set_state(pipeline, GST_STATE_READY);
            gst_element_set_state(pipeline, GST_STATE_PLAYING);
        }
    }
    join_setters(setters);
    gst_element_get_state(pipeline, NULL, NULL, GST_CLOCK_TIME_NONE);
    while (!has_what_was_set(element))
        wait_for_frame(element);
    GstBus *bus = gst_element_get_bus(pipeline);
    GstMessage *message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR | GST_MESSAGE_WARNING);
    fail_unless(!message, "an error or a warning was posted");
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(bus);
    gst_object_unref(element);
    gst_object_unref(pipeline);
    g_free(line);
}
GST_END_TEST;

static Suite *convnext_threads_suite(void)
{
    Suite *s = suite_create("convnext_threads");
    TCase *tc = tcase_create("threads");

    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_settings);
    tcase_add_test(tc, test_interrupted);
    return s;
}

GST_CHECK_MAIN(convnext_threads);
