/* convnext-watch: watches any number of cameras in one process, whose elements share one model and
 * its threads by themselves. It is an example of an application around the elements, and uses
 * nothing but GStreamer's API, the elements' properties and the public library.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib-unix.h>
#include <locale.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "pipelines/watch_pipeline.h"
#include "pipelines/watch_report.h"

#define TICK_MS 100
#define FAREWELL_MS 5000 /* a source that hangs is not waited for longer */

typedef struct Watch {
    GMainLoop *loop;
    const char *config; /* NULL: none */
    GPtrArray *keys;    /* from the command line: name, value, ..., NULL */
    char **sources;     /* from the command line; NULL: none */
    WatchList *list;
    GPtrArray *cameras; /* in the list's order */
    guint stopping;     /* cameras, of the list or not any more */
    gboolean quitting;
    gboolean failed;
} Watch;

static void say(const char *format, ...) G_GNUC_PRINTF(1, 2);

static void say(const char *format, ...)
{
    va_list arguments;
    char *text, *masked;

    va_start(arguments, format);
    text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    masked = watch_login_mask(NULL, text);
    g_printerr("convnext-watch: %s\n", masked);
    g_free(masked);
    g_free(text);
}

static gboolean on_farewell(gpointer data)
{
    Watch *watch = data;

    say("%u of the cameras did not stop in time", watch->stopping);
    watch->failed = TRUE;
    g_main_loop_quit(watch->loop);
    return G_SOURCE_REMOVE;
}

static void stop_camera(Watch *watch, WatchCamera *camera)
{
    watch->stopping++;
    watch_camera_stop(camera);
}

static void quit(Watch *watch)
{
    if (watch->quitting)
        return;
    watch->quitting = TRUE;
    g_timeout_add(FAREWELL_MS, on_farewell, watch);
    for (guint i = 0; i < watch->cameras->len; i++)
        stop_camera(watch, watch->cameras->pdata[i]);
}

/* Cameras' hooks */

static void on_changed(WatchCamera *camera, const char *detail, gpointer data)
{
    Watch *watch = data;

    watch->failed |= watch_camera_state(camera) == WATCH_FAILED;
    if (!watch->quitting)
        watch_report_state(camera, detail);
}

static void on_state_changed(WatchCamera *camera, const GstStructure *what, gpointer data) {}

static void on_stopped(WatchCamera *camera, gpointer data)
{
    Watch *watch = data;

    if (!watch->quitting)
        watch_report_summary(camera);
    if (--watch->stopping == 0 && watch->quitting)
        g_main_loop_quit(watch->loop);
}

static void on_unwritable(WatchCamera *camera, const char *reason, gpointer data)
{
    Watch *watch = data;

    if (!watch->quitting)
        say("%s", reason);
    watch->failed = TRUE;
    quit(watch);
}

static const WatchHooks hooks = {on_changed, on_state_changed, on_stopped, on_unwritable};

/* The list */

static WatchCamera *camera_with_name(GPtrArray *cameras, const char *name)
{
    for (guint i = 0; i < cameras->len; i++) {
        if (strcmp(watch_camera_settings(cameras->pdata[i])->name, name) == 0)
            return cameras->pdata[i];
    }
    return NULL;
}

/* Takes over a list: cameras that are in it as they were go on undisturbed. FALSE with an error,
 * and nothing changed, when one of the new ones cannot be made. */
static gboolean apply(Watch *watch, WatchList *list, GError **error)
{
    GPtrArray *cameras = g_ptr_array_new_with_free_func((GDestroyNotify)watch_camera_unref);
    GPtrArray *old = watch->cameras;

    for (guint i = 0; i < list->cameras->len; i++) {
        WatchSettings *settings = list->cameras->pdata[i];
        WatchCamera *camera = camera_with_name(old, settings->name);

        if (camera && watch_settings_equal(watch_camera_settings(camera), settings))
            camera = watch_camera_ref(camera);
        else
            camera = watch_camera_new(settings, &hooks, watch, error);
        if (!camera)
            goto failed;
        g_ptr_array_add(cameras, camera);
    }

    watch->cameras = cameras;
    for (guint i = 0; i < old->len; i++) {
        if (!g_ptr_array_find(cameras, old->pdata[i], NULL))
            stop_camera(watch, old->pdata[i]);
    }
    g_ptr_array_unref(old);
    if (watch->list)
        watch_list_free(watch->list);
    watch->list = list;
    return TRUE;

failed:
    for (guint i = 0; i < cameras->len; i++) {
        if (!g_ptr_array_find(old, cameras->pdata[i], NULL))
            stop_camera(watch, cameras->pdata[i]);
    }
    g_ptr_array_unref(cameras);
    return FALSE;
}

static gboolean load(Watch *watch, GError **error)
{
    WatchList *list = watch_list_new(watch->config, (const char *const *)watch->keys->pdata,
                                     watch->sources, error);

    if (!list)
        return FALSE;
    if (apply(watch, list, error))
        return TRUE;
    watch_list_free(list);
    return FALSE;
}

static gboolean on_hangup(gpointer data)
{
    Watch *watch = data;
    GError *error = NULL;

    if (watch->quitting)
        return G_SOURCE_CONTINUE;
    if (load(watch, &error)) {
        say("%u cameras after rereading the list", watch->cameras->len);
    } else {
        say("the list stays as it was: %s", error->message);
        g_error_free(error);
    }
    return G_SOURCE_CONTINUE;
}

/* The main loop */

/* The second Ctrl-C does not wait. */
static gboolean on_interrupt(gpointer data)
{
    Watch *watch = data;

    if (watch->quitting)
        g_main_loop_quit(watch->loop);
    quit(watch);
    return G_SOURCE_CONTINUE;
}

/* It ends by itself when every camera was a file and has been played. */
static gboolean on_tick(gpointer data)
{
    Watch *watch = data;
    gboolean over = TRUE;

    for (guint i = 0; i < watch->cameras->len; i++) {
        WatchCamera *camera = watch->cameras->pdata[i];

        watch_camera_tick(camera);
        over &=
            watch_camera_state(camera) == WATCH_ENDED || watch_camera_state(camera) == WATCH_FAILED;
    }
    if (over)
        quit(watch);
    return G_SOURCE_CONTINUE;
}

static gboolean run(Watch *watch)
{
    GError *error = NULL;

    watch->loop = g_main_loop_new(NULL, FALSE);
    watch->cameras = g_ptr_array_new_with_free_func((GDestroyNotify)watch_camera_unref);
    if (load(watch, &error)) {
        g_unix_signal_add(SIGINT, on_interrupt, watch);
        g_unix_signal_add(SIGTERM, on_interrupt, watch);
        g_unix_signal_add(SIGHUP, on_hangup, watch);
        g_timeout_add(TICK_MS, on_tick, watch);
        g_main_loop_run(watch->loop);
        for (guint i = 0; i < watch->cameras->len; i++)
            watch_report_summary(watch->cameras->pdata[i]);
        if (watch_pipeline_left_behind() > 0)
            say("%u connections did not close and were left behind", watch_pipeline_left_behind());
        watch_list_free(watch->list);
    } else {
        say("%s", error->message);
        g_error_free(error);
        watch->failed = TRUE;
    }
    g_ptr_array_unref(watch->cameras);
    g_main_loop_unref(watch->loop);
    return !watch->failed;
}

/* The command line */

static const char help_summary[] =
    "Watches cameras: a JSON line per result on standard output, what becomes of the cameras on\n"
    "standard error, and a summary at the end. A SOURCE is an address such as rtsp://camera/live,\n"
    "a file, /dev/videoN or test:PATTERN; NAME is what it is called in the lines.";

static const char help_description[] =
    "The list of cameras is a key file with a group for each, named as the camera:\n"
    "\n"
    "  [watch]                  defaults of all cameras, and of the command line's\n"
    "  protocols = tcp+udp\n"
    "\n"
    "  [door]\n"
    "  source = rtsp://10.0.0.11/live\n"
    "  credentials-file = /etc/convnext-watch/door\n"
    "\n"
    "Keys, of a camera or of [watch]:\n"
    "  source            what is watched; of a camera only\n"
    "  credentials-file  a file whose first line is user:password\n"
    "  credentials-env   an environment variable that holds user:password\n"
    "  protocols         of RTSP: tcp, udp, udp-mcast, http, tls, joined by +; tcp\n"
    "  latency           milliseconds that RTSP waits for late packets; 200\n"
    "  stall-timeout     seconds without a frame after which a camera is gone; 5\n"
    "  connect-timeout   seconds that the first frame may take; 15\n"
    "  reconnect-min     seconds before the first attempt to get it back; 0.25\n"
    "  reconnect-max     seconds between later attempts, which grow up to that; 4\n"
    "Every other key is a property of the element convnext, such as model, interval or top-k.\n"
    "\n"
    "SIGHUP rereads the list: cameras that are in it as they were go on undisturbed, and a list\n"
    "with a mistake in it changes nothing. SIGINT and SIGTERM end the program.";

static gboolean on_key(const char *option, const char *value, gpointer data, GError **error)
{
    GPtrArray *keys = data;
    const char *name = option + strspn(option, "-"), *equals;

    if (strcmp(name, "set") != 0) {
        g_ptr_array_add(keys, g_strdup(name));
        g_ptr_array_add(keys, g_strdup(value));
        return TRUE;
    }
    equals = strchr(value, '=');
    if (!equals || equals == value) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--set takes KEY=VALUE");
        return FALSE;
    }
    g_ptr_array_add(keys, g_strndup(value, (gsize)(equals - value)));
    g_ptr_array_add(keys, g_strdup(equals + 1));
    return TRUE;
}

/* Each connection brings threads and frames of its own. glibc would spread them over many arenas
 * and, having seen large blocks freed, no more return them to the system: memory would grow with
 * each reconnect until every arena has seen the worst. */
static void keep_memory_flat(void)
{
#ifdef __GLIBC__
    mallopt(M_ARENA_MAX, 2);
    mallopt(M_MMAP_THRESHOLD, 128 * 1024);
    mallopt(M_TRIM_THRESHOLD, 128 * 1024);
#endif
}

int main(int argc, char **argv)
{
    Watch watch = {.keys = g_ptr_array_new_with_free_func(g_free)};
    char *config = NULL;
    gpointer key = on_key;
    const GOptionEntry entries[] = {
        {"config", 'c', 0, G_OPTION_ARG_FILENAME, &config, "The list of cameras, a key file",
         "FILE"},
        {"model", 'm', 0, G_OPTION_ARG_CALLBACK, key,
         "A checkpoint or its folder, in place of the bundled model", "PATH"},
        {"protocols", 0, 0, G_OPTION_ARG_CALLBACK, key, "How RTSP streams come: tcp, udp, ...",
         "LIST"},
        {"credentials-file", 0, 0, G_OPTION_ARG_CALLBACK, key,
         "A file whose first line is user:password", "FILE"},
        {"credentials-env", 0, 0, G_OPTION_ARG_CALLBACK, key,
         "An environment variable that holds user:password", "NAME"},
        {"set", 's', 0, G_OPTION_ARG_CALLBACK, key, "Any other key of [watch], see below",
         "KEY=VALUE"},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &watch.sources, NULL,
         "[[NAME=]SOURCE...]"},
        {NULL},
    };
    GOptionContext *context;
    GOptionGroup *group = g_option_group_new("watch", NULL, NULL, watch.keys, NULL);
    GError *error = NULL;
    gboolean ok = FALSE;

    keep_memory_flat();
    setlocale(LC_ALL, "");
    signal(SIGPIPE, SIG_IGN); /* whoever read the log may go */
    context = g_option_context_new(NULL);
    g_option_context_set_summary(context, help_summary);
    g_option_context_set_description(context, help_description);
    g_option_group_add_entries(group, entries);
    g_option_context_set_main_group(context, group);
    g_option_context_add_group(context, gst_init_get_option_group());
    if (g_option_context_parse(context, &argc, &argv, &error)) {
        g_ptr_array_add(watch.keys, NULL);
        watch.config = config;
        ok = run(&watch);
    } else {
        say("%s", error->message);
        g_error_free(error);
    }

    g_option_context_free(context);
    g_ptr_array_unref(watch.keys);
    g_strfreev(watch.sources);
    g_free(config);
    if (watch_pipeline_left_behind() == 0)
        gst_deinit(); /* it waits for every thread */
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
