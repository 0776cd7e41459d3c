/* Elements of one process that run the same model share a queue and its memory automatically.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <gst/check/gstcheck.h>
#include <sched.h>

#include "tests/gst/support/frames.h"
#include "tests/gst/support/harness.h"
#include "tests/gst/support/network.h"
#include "tests/gst/support/pipeline.h"

#define CAPS "video/x-raw,format=I420,width=160,height=120,framerate=25/1"
#define STREAMS 8
#define FRAMES 30

/* A stream whose thread pushes frames with alternating pictures. Each frame must get the logits of
 * its own picture while other streams run. */
typedef struct Stream {
    GstHarness *h;
    float expected[2][NETWORK_CLASSES];
    float max_distance;
    GThread *thread;
} Stream;

static gpointer stream_main(gpointer data)
{
    Stream *stream = data;

    for (guint i = 0; i < FRAMES; i++) {
        FramePicture picture = i % 2 ? FRAME_OTHER : FRAME_COLOURS;
        float logits[NETWORK_CLASSES];

        frames_logits(stream->h, frames_new(CAPS, picture, 40 * i), logits);
        stream->max_distance =
            MAX(stream->max_distance, frames_distance(logits, stream->expected[i % 2]));
    }
    return NULL;
}

/* Eight streams share one queue and its memory, and each frame gets its own logits. */
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
            memory = frames_counter(stream->h->element, "run-memory");
        fail_unless_equals_int(frames_counter(stream->h->element, "streams"), i + 1);
        fail_unless_equals_uint64(frames_counter(stream->h->element, "run-memory"), memory);
    }
    fail_unless(memory > 0);
    fail_unless(frames_distance(streams[0].expected[0], streams[0].expected[1]) > 0.01f);
    for (guint i = 0; i < STREAMS; i++)
        streams[i].thread = g_thread_new("stream", stream_main, &streams[i]);
    for (guint i = 0; i < STREAMS; i++)
        g_thread_join(streams[i].thread);
    for (guint i = 0; i < STREAMS; i++) {
        fail_unless(streams[i].max_distance < 1e-5f, "a frame's logits differ by %g",
                    streams[i].max_distance);
        fail_unless_equals_uint64(frames_counter(streams[i].h->element, "inferred"), FRAMES + 2);
        gst_harness_teardown(streams[i].h);
    }
}
GST_END_TEST;

/* A harness around a new element with this property. */
static GstHarness *new_harness(const char *property, guint value)
{
    GstHarness *h = frames_harness(network, NULL);

    gst_element_set_state(h->element, GST_STATE_NULL);
    g_object_set(h->element, property, value, NULL);
    harness_restart(h, CAPS);
    return h;
}

/* A queue uses the largest number of threads that one of its elements requests. */
GST_START_TEST(test_threads)
{
    g_autoptr(GstHarness) one = new_harness("threads", 1);

    gst_buffer_unref(frames_process(one, frames_new(CAPS, FRAME_COLOURS, 0)));
    fail_unless_equals_int(frames_counter(one->element, "threads"), 1);
    GstHarness *three = new_harness("threads", 3);
    gst_buffer_unref(frames_process(three, frames_new(CAPS, FRAME_COLOURS, 0)));
    fail_unless_equals_int(frames_counter(one->element, "threads"), 3);
    gst_harness_teardown(three);
    gst_buffer_unref(frames_process(one, frames_new(CAPS, FRAME_COLOURS, 40)));
    fail_unless_equals_int(frames_counter(one->element, "threads"), 1);
    fail_unless_equals_int(frames_counter(one->element, "streams"), 1);
}
GST_END_TEST;

/* Another input size needs another queue. */
GST_START_TEST(test_sizes)
{
    g_autoptr(GstHarness) small = new_harness("input-size", 0);
    g_autoptr(GstHarness) large = new_harness("input-size", 128);

    gst_buffer_unref(frames_process(small, frames_new(CAPS, FRAME_COLOURS, 0)));
    gst_buffer_unref(frames_process(large, frames_new(CAPS, FRAME_COLOURS, 0)));
    fail_unless_equals_int(frames_counter(small->element, "streams"), 1);
    fail_unless_equals_int(frames_counter(large->element, "streams"), 1);
    fail_unless(frames_counter(large->element, "run-memory") >
                frames_counter(small->element, "run-memory"));
}
GST_END_TEST;

/* The smallest number of CPUs that a thread of the pool may run on. 0 means no threads. */
static guint count_thread_cpus(void)
{
    g_autoptr(GDir) threads = g_dir_open("/proc/self/task", 0, NULL);
    guint n_cpus = 0;
    const char *thread;

    fail_unless(threads);
    while ((thread = g_dir_read_name(threads))) {
        g_autofree char *path = g_strdup_printf("/proc/self/task/%s/comm", thread);
        g_autofree char *name = NULL;
        cpu_set_t cpus;

        g_file_get_contents(path, &name, NULL, NULL);
        if (!g_strcmp0(name, "convnext\n") &&
            sched_getaffinity(atoi(thread), sizeof cpus, &cpus) == 0)
            n_cpus = n_cpus == 0 ? (guint)CPU_COUNT(&cpus) : MIN(n_cpus, (guint)CPU_COUNT(&cpus));
    }
    return n_cpus;
}

static guint n_cpus_at_mapping; /* count_thread_cpus() when the last file was mapped */

/* Replaces GLib's function, also in the plugin. */
#pragma GCC visibility push(default)
GMappedFile *g_mapped_file_new_from_fd(int fd, gboolean writable, GError **error);
#pragma GCC visibility pop

GMappedFile *g_mapped_file_new_from_fd(int fd, gboolean writable, GError **error)
{
    GMappedFile *(*original)(int, gboolean, GError **) =
        (GMappedFile * (*)(int, gboolean, GError **)) dlsym(RTLD_NEXT, "g_mapped_file_new_from_fd");

    n_cpus_at_mapping = count_thread_cpus();
    return original(fd, writable, error);
}

/* cpu-affinity applies to the threads of all elements, but only once the element that sets it has
 * loaded its model. */
GST_START_TEST(test_affinity)
{
    g_autoptr(GstHarness) h = new_harness("threads", 3);
    g_autoptr(GstElement) element = gst_element_factory_make("convnext", NULL);
    g_autofree char *bad = network_add_file(network, "bad.safetensors", "not a checkpoint");
    guint cpu = 0;
    cpu_set_t cpus;

    fail_unless(sched_getaffinity(0, sizeof cpus, &cpus) == 0);
    while (!CPU_ISSET(cpu, &cpus))
        cpu++;
    g_autofree char *list = g_strdup_printf("%u", cpu);
    gst_buffer_unref(frames_process(h, frames_new(CAPS, FRAME_COLOURS, 0)));
    guint all = count_thread_cpus();
    fail_unless(all > 0);
    n_cpus_at_mapping = 0;
    g_object_set(element, "model", bad, "cpu-affinity", list, NULL);
    fail_unless_equals_int(gst_element_set_state(element, GST_STATE_READY),
                           GST_STATE_CHANGE_FAILURE);
    fail_unless_equals_int(n_cpus_at_mapping, all);
    fail_unless_equals_int(count_thread_cpus(), all);
    g_object_set(element, "model", network, NULL);
    fail_unless_equals_int(gst_element_set_state(element, GST_STATE_READY),
                           GST_STATE_CHANGE_SUCCESS);
    fail_unless_equals_int(count_thread_cpus(), 1);
    gst_element_set_state(element, GST_STATE_NULL);
    fail_unless_equals_int(count_thread_cpus(), all);
}
GST_END_TEST;

/* Starts a pipeline around convnext with this mode. */
static Pipeline play(const char *mode)
{
    g_autofree char *properties = g_strdup_printf("model=%s mode=%s", network, mode);

    return pipeline_play(properties);
}

static void wait_for_all(const Pipeline *pipelines, guint n)
{
    for (guint i = 0; i < n; i++)
        pipeline_wait_for_counter(&pipelines[i], "inferred");
}

/* Flushes and restarts one pipeline while two others run. */
static void check_interrupted(const char *mode)
{
    Pipeline steady[] = {play("sync"), play("latest")}, p = play(mode);

    for (guint i = 0; i < 20; i++) {
        fail_unless(gst_element_seek_simple(p.pipeline, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, 0));
        wait_for_all(steady, G_N_ELEMENTS(steady));
    }
    wait_for_all(&p, 1);
    for (guint i = 0; i < 10; i++) {
        gst_element_set_state(p.pipeline, GST_STATE_READY);
        wait_for_all(steady, G_N_ELEMENTS(steady));
        gst_element_set_state(p.pipeline, GST_STATE_PLAYING);
        /* A source that is stopped earlier may find its peer shut down and post an error. */
        pipeline_wait_for_state(&p);
    }
    wait_for_all(&p, 1);
    pipeline_stop(&p);
    for (guint i = 0; i < G_N_ELEMENTS(steady); i++)
        pipeline_stop(&steady[i]);
}

/* A stream that flushes or stops at any moment posts no error, does not block other streams, and
 * works again afterwards. */
GST_START_TEST(test_interrupted)
{
    check_interrupted("sync");
    check_interrupted("latest");
}
GST_END_TEST;

static Suite *convnext_shared_suite(void)
{
    Suite *s = suite_create("convnext_shared");
    TCase *tc = tcase_create("shared");

    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, network_setup, network_teardown);
    tcase_add_test(tc, test_streams);
    tcase_add_test(tc, test_threads);
    tcase_add_test(tc, test_sizes);
    tcase_add_test(tc, test_affinity);
    tcase_add_test(tc, test_interrupted);
    return s;
}

GST_CHECK_MAIN(convnext_shared);
