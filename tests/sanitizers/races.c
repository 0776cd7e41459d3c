/* Shows that ThreadSanitizer, with the preloaded module and the suppressions of this folder,
 * reports races between threads that synchronise with GLib and GStreamer, and nothing else.
 *
 * A thread writes a variable and then hands over to the main thread by one of their means. The main
 * thread writes the variable too: after the handover, which is correct, or early, which must be
 * reported. `races MEANS [early]` does one of these; without arguments, the program runs itself
 * with each combination.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/gst.h>
#include <stdlib.h>
#include <sys/wait.h>

#define REPORTED 66 /* ThreadSanitizer's exit status */
#define SKIPPED 77  /* exit status of a skipped test */

static int variable; /* not protected by a lock */
static int touches;  /* count of writes; atomic, but orders nothing */
static gboolean early;

static void touch(void)
{
    variable++;
    __atomic_fetch_add(&touches, 1, __ATOMIC_RELAXED);
}

/* Writes before the other thread has handed over, but after it has written: ThreadSanitizer may
 * miss two writes at the same moment. */
static void touch_early(void)
{
    while (early && __atomic_load_n(&touches, __ATOMIC_RELAXED) == 0)
        g_usleep(100);
    if (early)
        touch();
}

static GMutex lock;
static GCond changed;
static gboolean given; /* protected by the lock */

static gpointer give_under_lock(gpointer data)
{
    touch();
    g_mutex_lock(&lock);
    given = TRUE;
    g_cond_signal(&changed);
    g_mutex_unlock(&lock);
    return NULL;
}

static void by_lock(void)
{
    GThread *thread = g_thread_new("giver", give_under_lock, NULL);

    touch_early();
    g_mutex_lock(&lock);
    while (!given)
        g_cond_wait(&changed, &lock);
    g_mutex_unlock(&lock);
    touch();
    g_thread_join(thread);
}

static gpointer give_to_queue(gpointer queue)
{
    touch();
    g_async_queue_push(queue, queue);
    return NULL;
}

static void by_queue(void)
{
    GAsyncQueue *queue = g_async_queue_new();
    GThread *thread = g_thread_new("giver", give_to_queue, queue);

    touch_early();
    g_async_queue_pop(queue);
    touch();
    g_thread_join(thread);
    g_async_queue_unref(queue);
}

static gpointer give_to_bus(gpointer bus)
{
    touch();
    gst_bus_post(bus, gst_message_new_eos(NULL));
    return NULL;
}

static void by_message(void)
{
    g_autoptr(GstBus) bus = gst_bus_new();
    GThread *thread = g_thread_new("giver", give_to_bus, bus);

    touch_early();
    gst_message_unref(gst_bus_timed_pop(bus, GST_CLOCK_TIME_NONE));
    touch();
    g_thread_join(thread);
}

static void give_in_pool(gpointer item, gpointer data)
{
    touch();
}

static void by_pool(void)
{
    GThreadPool *pool = g_thread_pool_new(give_in_pool, NULL, 1, FALSE, NULL);

    g_thread_pool_push(pool, pool, NULL);
    touch_early();
    g_thread_pool_free(pool, FALSE, TRUE);
    touch();
}

static gboolean on_idle(gpointer loop)
{
    touch();
    g_main_loop_quit(loop);
    return G_SOURCE_REMOVE;
}

static gpointer give_to_loop(gpointer loop)
{
    touch();
    g_idle_add_full(G_PRIORITY_DEFAULT, on_idle, loop, NULL);
    return NULL;
}

static void by_loop(void)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    GThread *thread = g_thread_new("giver", give_to_loop, loop);

    touch_early();
    g_main_loop_run(loop);
    g_thread_join(thread);
}

static gpointer drop(gpointer buffer)
{
    touch();
    gst_buffer_unref(buffer);
    return NULL;
}

/* The thread that drops the last reference calls it. */
static void on_free(gpointer data)
{
    touch();
}

static void by_reference(void)
{
    GstBuffer *buffer = gst_buffer_new();

    gst_mini_object_set_qdata(GST_MINI_OBJECT_CAST(buffer), g_quark_from_static_string("variable"),
                              buffer, on_free);
    GThread *thread = g_thread_new("giver", drop, gst_buffer_ref(buffer));
    touch_early();
    gst_buffer_unref(buffer);
    g_thread_join(thread);
}

static gpointer drop_array(gpointer array)
{
    touch();
    g_ptr_array_unref(array);
    return NULL;
}

static void by_array(void)
{
    GPtrArray *array = g_ptr_array_new_with_free_func(on_free);

    g_ptr_array_add(array, array);
    GThread *thread = g_thread_new("giver", drop_array, g_ptr_array_ref(array));
    touch_early();
    g_ptr_array_unref(array);
    g_thread_join(thread);
}

static gpointer give_name(gpointer data)
{
    touch();
    g_quark_from_static_string("given");
    return NULL;
}

static void by_name(void)
{
    GThread *thread = g_thread_new("giver", give_name, NULL);

    touch_early();
    while (!g_quark_try_string("given"))
        g_usleep(100);
    touch();
    g_thread_join(thread);
}

static GstPadProbeReturn on_buffer(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    touch();
    return GST_PAD_PROBE_OK;
}

/* The streaming thread downstream of the queue ends when the pipeline stops. */
static void by_state(void)
{
    g_autoptr(GstElement) pipeline = gst_parse_launch(
        "videotestsrc num-buffers=500 ! queue ! fakesink name=sink sync=false", NULL);
    g_autoptr(GstElement) sink = gst_bin_get_by_name(GST_BIN(pipeline), "sink");
    g_autoptr(GstPad) pad = gst_element_get_static_pad(sink, "sink");
    g_autoptr(GstBus) bus = gst_element_get_bus(pipeline);

    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, on_buffer, NULL, NULL);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    touch_early();
    gst_message_unref(gst_bus_timed_pop_filtered(bus, GST_CLOCK_TIME_NONE, GST_MESSAGE_EOS));
    gst_element_set_state(pipeline, GST_STATE_NULL);
    touch();
}

static const struct {
    const char *name;
    void (*run)(void);
} means[] = {
    {"lock", by_lock},   {"queue", by_queue}, {"message", by_message},
    {"pool", by_pool},   {"loop", by_loop},   {"reference", by_reference},
    {"array", by_array}, {"name", by_name},   {"state", by_state},
};

/* Runs this program. Returns whether it ends with the expected status and, if that is REPORTED,
 * with a report of a race in touch(). */
static gboolean ends_with(int expected, const char *const *argv)
{
    g_autofree char *report = NULL;
    g_autoptr(GError) error = NULL;
    int status = 0;

    if (!g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL,
                      &report, &status, &error))
        g_error("%s", error->message);
    gboolean fine = WIFEXITED(status) && WEXITSTATUS(status) == expected &&
                    (expected != REPORTED ||
                     g_regex_match_simple("data race .* in touch$", report, G_REGEX_MULTILINE, 0));
    if (!fine)
        g_printerr("%s%s: exit status %d, expected %d\n%s\n", argv[1], argv[2] ? ", early" : "",
                   WEXITSTATUS(status), expected, report);
    return fine;
}

static gboolean run_all(const char *program)
{
    gboolean fine = TRUE;

    for (guint i = 0; i < G_N_ELEMENTS(means); i++) {
        fine &= ends_with(EXIT_SUCCESS, (const char *[]){program, means[i].name, NULL});
        fine &= ends_with(REPORTED, (const char *[]){program, means[i].name, "early", NULL});
    }
    return fine;
}

/* GStreamer 1.24 and later drop references in ways that the preloaded module does not see. */
static gboolean too_new(void)
{
    guint major, minor, micro, nano;

    gst_version(&major, &minor, &micro, &nano);
    return major > 1 || minor >= 24;
}

int main(int argc, char **argv)
{
    if (argc < 2 && too_new())
        return SKIPPED;
    if (argc < 2)
        return run_all(argv[0]) ? EXIT_SUCCESS : EXIT_FAILURE;
    gst_init(NULL, NULL);
    early = argc > 2;
    for (guint i = 0; i < G_N_ELEMENTS(means); i++)
        if (g_str_equal(argv[1], means[i].name)) {
            means[i].run();
            return EXIT_SUCCESS;
        }
    g_printerr("races: unknown means %s\n", argv[1]);
    return EXIT_FAILURE;
}
