/* What the elements of one process share: one engine, without being told.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <gst/check/gstcheck.h>
#include <sched.h>

#include "tests/gst/support/frames.h"
#include "tests/gst/support/network.h"

#define CAPS "video/x-raw,format=I420,width=160,height=120,framerate=25/1"
#define STREAMS 8
#define FRAMES 30

static char *network;

static void setup(void)
{
    network = network_new();
}

static void teardown(void)
{
    network_delete(network);
}

static guint64 read_stat(GstElement *element, const char *field)
{
    GstStructure *stats;
    guint64 wide = 0;
    guint narrow = 0;

    g_object_get(element, "stats", &stats, NULL);
    fail_unless(gst_structure_get_uint64(stats, field, &wide) ||
                    gst_structure_get_uint(stats, field, &narrow),
                "no %s among the stats", field);
    gst_structure_free(stats);
    return wide + narrow;
}

/* Pushes frames with alternating pictures; each must get its own picture's answer, whatever runs
 * beside it. Returns the largest difference from `expected`. */
typedef struct Stream {
    GstHarness *h;
    float expected[2][NETWORK_CLASSES];
    float worst;
    GThread *thread;
} Stream;

static gpointer stream_main(gpointer data)
{
    Stream *stream = data;

    for (guint i = 0; i < FRAMES; i++) {
        FramePicture picture = i % 2 ? FRAME_OTHER : FRAME_COLOURS;
        float logits[NETWORK_CLASSES];

        frames_logits(stream->h, frames_new(CAPS, picture, 40 * i), logits);
        stream->worst = MAX(stream->worst, frames_distance(logits, stream->expected[i % 2]));
    }
    return NULL;
}

GST_START_TEST(test_streams)
{
    Stream streams[STREAMS] = {0};
    guint64 memory = 0;

    for (guint i = 0; i < STREAMS; i++) {
        Stream *stream = &streams[i];

        stream->h = frames_harness(network, CAPS);
        frames_logits(stream->h, frames_new(CAPS, FRAME_COLOURS, 0), stream->expected[0]);
        frames_logits(stream->h, frames_new(CAPS, FRAME_OTHER, 0), stream->expected[1]);
        if (i == 0)
            memory = read_stat(stream->h->element, "run-memory");
        fail_unless_equals_int(read_stat(stream->h->element, "streams"), i + 1);
        fail_unless_equals_uint64(read_stat(stream->h->element, "run-memory"), memory);
    }
    fail_unless(memory > 0);
    fail_unless(frames_distance(streams[0].expected[0], streams[0].expected[1]) > 0.01f);
    for (guint i = 0; i < STREAMS; i++)
        streams[i].thread = g_thread_new("stream", stream_main, &streams[i]);
    for (guint i = 0; i < STREAMS; i++)
        g_thread_join(streams[i].thread);
    for (guint i = 0; i < STREAMS; i++) {
        fail_unless(streams[i].worst < 1e-5f, "a frame's answer is off by %g", streams[i].worst);
        fail_unless_equals_uint64(read_stat(streams[i].h->element, "inferred"), FRAMES + 2);
        gst_harness_teardown(streams[i].h);
    }
}
GST_END_TEST;

/* A harness whose element has the setting from its start. */
static GstHarness *harness_with(const char *property, guint value)
{
    GstHarness *h = frames_harness(network, NULL);

    gst_element_set_state(h->element, GST_STATE_NULL);
    g_object_set(h->element, property, value, NULL);
    gst_element_set_state(h->element, GST_STATE_PLAYING);
    gst_harness_set_src_caps_str(h, CAPS);
    return h;
}

/* The most that one of them asks for, and no more when that one is gone. */
GST_START_TEST(test_threads)
{
    GstHarness *one = harness_with("threads", 1), *three;

    gst_buffer_unref(frames_through(one, frames_new(CAPS, FRAME_COLOURS, 0)));
    fail_unless_equals_int(read_stat(one->element, "threads"), 1);
    three = harness_with("threads", 3);
    gst_buffer_unref(frames_through(three, frames_new(CAPS, FRAME_COLOURS, 0)));
    fail_unless_equals_int(read_stat(one->element, "threads"), 3);
    gst_harness_teardown(three);
    gst_buffer_unref(frames_through(one, frames_new(CAPS, FRAME_COLOURS, 40)));
    fail_unless_equals_int(read_stat(one->element, "threads"), 1);
    fail_unless_equals_int(read_stat(one->element, "streams"), 1);
    gst_harness_teardown(one);
}
GST_END_TEST;

/* Another size is another engine. */
GST_START_TEST(test_sizes)
{
    GstHarness *small = harness_with("input-size", 0), *large = harness_with("input-size", 128);

    gst_buffer_unref(frames_through(small, frames_new(CAPS, FRAME_COLOURS, 0)));
    gst_buffer_unref(frames_through(large, frames_new(CAPS, FRAME_COLOURS, 0)));
    fail_unless_equals_int(read_stat(small->element, "streams"), 1);
    fail_unless_equals_int(read_stat(large->element, "streams"), 1);
    fail_unless(read_stat(large->element, "run-memory") > read_stat(small->element, "run-memory"));
    gst_harness_teardown(small);
    gst_harness_teardown(large);
}
GST_END_TEST;

/* The fewest processors that one of the engine's workers may run on; 0: there are none. */
static guint processors_of_workers(void)
{
    GDir *threads = g_dir_open("/proc/self/task", 0, NULL);
    guint least = 0;
    const char *thread;

    fail_unless(threads);
    while ((thread = g_dir_read_name(threads))) {
        char *path = g_strdup_printf("/proc/self/task/%s/comm", thread), *name = NULL;
        cpu_set_t cpus;

        g_file_get_contents(path, &name, NULL, NULL);
        if (!g_strcmp0(name, "convnext\n") &&
            sched_getaffinity(atoi(thread), sizeof cpus, &cpus) == 0)
            least = least == 0 ? (guint)CPU_COUNT(&cpus) : MIN(least, (guint)CPU_COUNT(&cpus));
        g_free(name);
        g_free(path);
    }
    g_dir_close(threads);
    return least;
}

static guint while_mapping; /* how many these were when a file was mapped the last time */

/* In the place of GLib's, for the plugin too. */
#pragma GCC visibility push(default)
GMappedFile *g_mapped_file_new_from_fd(int fd, gboolean writable, GError **error);
#pragma GCC visibility pop

GMappedFile *g_mapped_file_new_from_fd(int fd, gboolean writable, GError **error)
{
    GMappedFile *(*system)(int, gboolean, GError **) =
        (GMappedFile * (*)(int, gboolean, GError **)) dlsym(RTLD_NEXT, "g_mapped_file_new_from_fd");

    while_mapping = processors_of_workers();
    return system(fd, writable, error);
}

/* An element with cpu-affinity, which is for all, has no say before it has its model. */
GST_START_TEST(test_affinity)
{
    GstHarness *h = harness_with("threads", 3);
    GstElement *element = gst_element_factory_make("convnext", NULL);
    char *bad = network_add_file(network, "bad.safetensors", "no model"), *list;
    guint all, cpu = 0;
    cpu_set_t cpus;

    fail_unless(sched_getaffinity(0, sizeof cpus, &cpus) == 0);
    while (!CPU_ISSET(cpu, &cpus))
        cpu++;
    list = g_strdup_printf("%u", cpu);
    gst_buffer_unref(frames_through(h, frames_new(CAPS, FRAME_COLOURS, 0)));
    all = processors_of_workers();
    fail_unless(all > 0);
    while_mapping = 0;
    g_object_set(element, "model", bad, "cpu-affinity", list, NULL);
    fail_unless_equals_int(gst_element_set_state(element, GST_STATE_READY),
                           GST_STATE_CHANGE_FAILURE);
    fail_unless_equals_int(while_mapping, all);
    fail_unless_equals_int(processors_of_workers(), all);
    g_object_set(element, "model", network, NULL);
    fail_unless_equals_int(gst_element_set_state(element, GST_STATE_READY),
                           GST_STATE_CHANGE_SUCCESS);
    fail_unless_equals_int(processors_of_workers(), 1);
    gst_element_set_state(element, GST_STATE_NULL);
    fail_unless_equals_int(processors_of_workers(), all);
    gst_object_unref(element);
    gst_harness_teardown(h);
    g_free(list);
    g_free(bad);
}
GST_END_TEST;

typedef struct Pipeline {
    GstElement *pipeline, *convnext;
} Pipeline;

/* A stream without end, as fast as it goes. */
static Pipeline play(const char *mode)
{
    char *line = g_strdup_printf("videotestsrc ! video/x-raw,width=160,height=120 ! "
                                 "convnext name=convnext model=%s mode=%s ! fakesink sync=false",
                                 network, mode);
    Pipeline p = {gst_parse_launch(line, NULL), NULL};

    fail_unless(p.pipeline, "cannot make %s", line);
    p.convnext = gst_bin_get_by_name(GST_BIN(p.pipeline), "convnext");
    gst_element_set_state(p.pipeline, GST_STATE_PLAYING);
    gst_element_get_state(p.pipeline, NULL, NULL, GST_CLOCK_TIME_NONE);
    g_free(line);
    return p;
}

static void end(Pipeline *p)
{
    GstBus *bus = gst_element_get_bus(p->pipeline);
    GstMessage *message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR | GST_MESSAGE_WARNING);
    char *text = message ? gst_structure_to_string(gst_message_get_structure(message)) : NULL;

    fail_unless(!message, "an error or a warning was posted: %s", text);
    gst_element_set_state(p->pipeline, GST_STATE_NULL);
    gst_object_unref(bus);
    gst_object_unref(p->convnext);
    gst_object_unref(p->pipeline);
}

static void wait_for_more(const Pipeline *p)
{
    guint64 before = read_stat(p->convnext, "inferred");

    while (read_stat(p->convnext, "inferred") <= before)
        g_usleep(100);
}

/* A stream that flushes, or stops, in the middle of anything says nothing on the bus, holds nobody
 * up, and works again afterwards. */
static void check_interrupted(const char *mode)
{
    Pipeline steady[] = {play("sync"), play("latest")}, p = play(mode);

    for (guint i = 0; i < 20; i++) {
        fail_unless(gst_element_seek_simple(p.pipeline, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, 0));
        for (guint j = 0; j < G_N_ELEMENTS(steady); j++)
            wait_for_more(&steady[j]);
    }
    wait_for_more(&p);
    for (guint i = 0; i < 10; i++) {
        gst_element_set_state(p.pipeline, GST_STATE_READY);
        for (guint j = 0; j < G_N_ELEMENTS(steady); j++)
            wait_for_more(&steady[j]);
        gst_element_set_state(p.pipeline, GST_STATE_PLAYING);
        /* Stopped before that, any source may find its peer shut and call it an error. */
        gst_element_get_state(p.pipeline, NULL, NULL, GST_CLOCK_TIME_NONE);
    }
    wait_for_more(&p);
    end(&p);
    for (guint j = 0; j < G_N_ELEMENTS(steady); j++)
        end(&steady[j]);
}

GST_START_TEST(test_interrupted)
{
    check_interrupted("sync");
    check_interrupted("latest");
}
GST_END_TEST;

static Suite *convnext_shared_suite(void)
{
    Suite *s = suite_create("convnext_shared");
    TCase *tc = tcase_create("elements");

    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_streams);
    tcase_add_test(tc, test_threads);
    tcase_add_test(tc, test_sizes);
    tcase_add_test(tc, test_affinity);
    tcase_add_test(tc, test_interrupted);
    return s;
}

GST_CHECK_MAIN(convnext_shared);
