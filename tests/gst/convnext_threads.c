/* An application's threads set and read properties at any time while frames are processed. Also run
 * with ThreadSanitizer.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <gst/video/video.h>

#include "tests/gst/support/frames.h"
#include "tests/gst/support/harness.h"
#include "tests/gst/support/network.h"
#include "tests/gst/support/pipeline.h"

#define CAPS "video/x-raw,format=I420,width=160,height=120,framerate=25/1"
#define SETTERS 2
#define FRAMES 300
#define FRAMES_AFTERWARDS 30
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

/* Sets random properties. */
static void set_random_properties(GstElement *element, GRand *rand)
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

/* Sets properties with which each frame has its own result. */
static void set_plain_properties(GstElement *element)
{
    gst_util_set_object_arg(G_OBJECT(element), "mode", "sync");
    gst_util_set_object_arg(G_OBJECT(element), "region", "full-frame");
    g_object_set(element, "interval", 1, "change-threshold", 0.0, NULL);
}

/* Reads properties like an application, and sends a QoS event and a latency query like a sink. */
static void read_properties(GstElement *element, GRand *rand)
{
    g_autoptr(GstStructure) s = NULL;
    g_autofree char *text = NULL;
    static const char *const structures[] = {"stats", "model-info"};

    g_object_get(element, structures[g_rand_int_range(rand, 0, 2)], &s, "object-class", &text,
                 NULL);
    gst_element_send_event(element,
                           gst_event_new_qos(GST_QOS_TYPE_UNDERFLOW, 1.0,
                                             g_rand_int_range(rand, -1000, 1000), GST_SECOND));
    g_autoptr(GstQuery) query = gst_query_new_latency();
    gst_element_query(element, query);
}

typedef struct Setter {
    GstElement *element;
    guint32 seed;
    GThread *thread;
} Setter;

static int is_enough; /* atomic: tells the setters to end */
static int n_ready;   /* atomic: how many setters only have to set the model */

static gpointer setter_main(gpointer data)
{
    const Setter *setter = data;

    g_autoptr(GRand) rand = g_rand_new_with_seed(setter->seed);

    while (!g_atomic_int_get(&is_enough)) {
        set_random_properties(setter->element, rand);
        read_properties(setter->element, rand);
    }
    set_plain_properties(setter->element);
    /* All setters set the model at the same time, and one of them is the last. */
    g_atomic_int_inc(&n_ready);
    while (g_atomic_int_get(&n_ready) < SETTERS)
        g_thread_yield();
    g_object_set(setter->element, "model", networks[setter->seed % 2], NULL);
    return NULL;
}

static void start_setters(Setter *setters, GstElement *element)
{
    g_atomic_int_set(&is_enough, FALSE);
    g_atomic_int_set(&n_ready, 0);
    for (guint i = 0; i < SETTERS; i++) {
        setters[i] = (Setter){element, i + 1, NULL};
        setters[i].thread = g_thread_new("setter", setter_main, &setters[i]);
    }
}

static void join_setters(Setter *setters)
{
    g_atomic_int_set(&is_enough, TRUE);
    for (guint i = 0; i < SETTERS; i++)
        g_thread_join(setters[i].thread);
}

static gboolean is_last_model_loaded(GstElement *element)
{
    g_autoptr(GstStructure) info = NULL;
    g_autofree char *model = NULL;

    g_object_get(element, "model-info", &info, "model", &model, NULL);
    return g_str_equal(gst_structure_get_string(info, "path"), model);
}

/* Each frame comes out whatever the settings, and in the end the model that was set last runs. */
GST_START_TEST(test_settings)
{
    g_autoptr(GstHarness) h = frames_harness(networks[0], CAPS);
    g_autoptr(GstBuffer) colours = frames_new(CAPS, FRAME_COLOURS, 0);
    g_autoptr(GstBuffer) others = frames_new(CAPS, FRAME_OTHER, 0);
    Setter setters[SETTERS];
    guint i = 0;

    start_setters(setters, h->element);
    for (; i < FRAMES; i++) {
        GstBuffer *frame = gst_buffer_copy(i % 2 ? others : colours);

        GST_BUFFER_PTS(frame) = 40 * i * GST_MSECOND;
        gst_buffer_unref(frames_process(h, frame));
    }
    join_setters(setters);
    /* Some frames come first: the current engine may have the right model and still be replaced. */
    while (i < FRAMES + FRAMES_AFTERWARDS || !is_last_model_loaded(h->element))
        gst_buffer_unref(frames_process(h, frames_new(CAPS, FRAME_COLOURS, 40 * i++)));
    fail_unless_equals_uint64(frames_counter(h->element, "frames"), i);
}
GST_END_TEST;

/* Without an object, region=objects would warn. */
static GstPadProbeReturn describe_object(GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
    GstBuffer *frame = gst_buffer_make_writable(GST_PAD_PROBE_INFO_BUFFER(info));

    gst_buffer_add_video_region_of_interest_meta(frame, "car", 8, 8, 64, 64);
    GST_PAD_PROBE_INFO_DATA(info) = frame;
    return GST_PAD_PROBE_OK;
}

static void describe_objects(GstElement *element)
{
    g_autoptr(GstPad) pad = gst_element_get_static_pad(element, "sink");

    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, describe_object, NULL, NULL);
}

/* The same with flushes and restarts, and no error or warning is posted. */
GST_START_TEST(test_interrupted)
{
    g_autofree char *properties = g_strdup_printf("model=%s", networks[0]);
    Pipeline p = pipeline_play(properties);
    Setter setters[SETTERS];

    describe_objects(p.convnext);
    start_setters(setters, p.convnext);
    for (guint i = 0; i < INTERRUPTIONS; i++) {
        pipeline_wait_for_state(&p);
        pipeline_wait_for_counter(&p, "frames");
        if (i % 3) {
            fail_unless(
                gst_element_seek_simple(p.pipeline, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, 0));
        } else {
            gst_element_set_state(p.pipeline, GST_STATE_READY);
            gst_element_set_state(p.pipeline, GST_STATE_PLAYING);
        }
    }
    join_setters(setters);
    pipeline_wait_for_state(&p);
    while (!is_last_model_loaded(p.convnext))
        pipeline_wait_for_counter(&p, "frames");
    pipeline_stop(&p);
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
