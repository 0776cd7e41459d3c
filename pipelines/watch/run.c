/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/run.h"

#include <glib-unix.h>
#include <string.h>

#include "pipelines/watch/events.h"
#include "pipelines/watch/metrics.h"
#include "pipelines/watch/pipeline.h"
#include "pipelines/watch/report.h"
#include "pipelines/watch/server.h"

#define TICK_MS 100
#define FAREWELL_MS 5000 /* a source that hangs is not waited for longer */

typedef struct Watch {
    GMainLoop *loop;
    const char *config; /* with keys and sources: the arguments of watch_list_new() */
    const char *const *keys;
    char **sources;
    WatchList *list;
    WatchServer *server; /* of metrics; NULL: none */
    WatchEvents *events; /* NULL: none */
    GPtrArray *cameras;  /* in the list's order */
    GPtrArray *stopping; /* cameras, of the list or not any more */
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

    say("%u of the cameras did not stop in time", watch->stopping->len);
    watch->failed = TRUE;
    g_main_loop_quit(watch->loop);
    return G_SOURCE_REMOVE;
}

static void stop_camera(Watch *watch, WatchCamera *camera)
{
    g_ptr_array_add(watch->stopping, watch_camera_ref(camera));
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

/* A camera's last closing may end before the one of a connection that it had lost. */
static void quit_when_closed(Watch *watch)
{
    if (watch->quitting && watch->stopping->len == 0 && watch_pipeline_closing() == 0)
        g_main_loop_quit(watch->loop);
}

static WatchCamera *camera_with_name(GPtrArray *cameras, const char *name)
{
    for (guint i = 0; i < cameras->len; i++) {
        if (strcmp(watch_camera_settings(cameras->pdata[i])->name, name) == 0)
            return cameras->pdata[i];
    }
    return NULL;
}

/* A camera that takes another's place comes when that is gone: many allow one connection only. */
static void start_camera(Watch *watch, const char *name)
{
    WatchCamera *camera = camera_with_name(watch->cameras, name);

    if (camera && !camera_with_name(watch->stopping, name))
        watch_camera_start(camera);
}

/* Cameras' hooks */

static void on_changed(WatchCamera *camera, const char *detail, gpointer data)
{
    Watch *watch = data;

    watch->failed |= watch_camera_state(camera) == WATCH_FAILED;
    if (!watch->quitting)
        watch_report_camera(camera, detail);
    if (watch->events)
        watch_events_camera(watch->events, camera, detail);
}

static void on_state_changed(WatchCamera *camera, const GstStructure *what, gpointer data)
{
    Watch *watch = data;

    watch_report_state(camera, what);
    if (watch->events)
        watch_events_state(watch->events, camera, what);
}

static void on_stopped(WatchCamera *camera, gpointer data)
{
    Watch *watch = data;

    if (!watch->quitting)
        watch_report_summary(camera);
    g_ptr_array_remove(watch->stopping, camera); /* whoever calls this has a reference too */
    start_camera(watch, watch_camera_settings(camera)->name);
    quit_when_closed(watch);
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

/* Those of a list: cameras that are in it as they were are the same ones. NULL with an error when
 * one of the new ones cannot be made. */
static GPtrArray *make_cameras(Watch *watch, const WatchList *list, GError **error)
{
    GPtrArray *cameras = g_ptr_array_new_with_free_func((GDestroyNotify)watch_camera_unref);

    for (guint i = 0; i < list->cameras->len; i++) {
        WatchSettings *settings = list->cameras->pdata[i];
        WatchCamera *camera = camera_with_name(watch->cameras, settings->name);

        if (camera && watch_settings_equal(watch_camera_settings(camera), settings))
            camera = watch_camera_ref(camera);
        else
            camera = watch_camera_new(settings, &hooks, watch, error);
        if (!camera) {
            g_ptr_array_unref(cameras);
            return NULL;
        }
        g_ptr_array_add(cameras, camera);
    }
    return cameras;
}

static void take_cameras(Watch *watch, GPtrArray *cameras)
{
    GPtrArray *old = watch->cameras;

    watch->cameras = cameras;
    for (guint i = 0; i < old->len; i++) {
        if (!g_ptr_array_find(cameras, old->pdata[i], NULL))
            stop_camera(watch, old->pdata[i]);
    }
    g_ptr_array_unref(old);
    for (guint i = 0; i < cameras->len; i++)
        start_camera(watch, watch_camera_settings(cameras->pdata[i])->name);
}

static char *metrics_text(gpointer data)
{
    return watch_metrics_text(((Watch *)data)->cameras);
}

/* The new server comes before the old one goes, unless that has what it needs. */
static gboolean move_server(Watch *watch, const char *where, GError **error)
{
    WatchServer *server = where ? watch_server_new(where, metrics_text, watch, error) : NULL;

    if (where && !server && watch->server && watch_server_is_taken(*error)) {
        g_clear_pointer(&watch->server, watch_server_free);
        server = watch_server_new(where, metrics_text, watch, NULL);
        if (server)
            g_clear_error(error);
        else
            watch->server = watch_server_new(watch->list->metrics, metrics_text, watch, NULL);
    }
    if (where && !server)
        return FALSE;
    g_clear_pointer(&watch->server, watch_server_free);
    watch->server = server;
    if (server)
        say("metrics at %s", watch_server_address(server));
    return TRUE;
}

/* What a list says of the whole program: where metrics are served and events written. A file of
 * events is opened again each time, so that it can be moved away before. FALSE with an error, and
 * nothing changed, when one of them cannot be. */
static gboolean open_outputs(Watch *watch, const WatchList *list, GError **error)
{
    const gboolean moved =
        !watch->list || g_strcmp0(list->metrics, watch->list->metrics) != 0 || !watch->server;
    WatchEvents *events = NULL;

    if (list->events && !(events = watch_events_new(list->events, error)))
        return FALSE;
    if (moved && !move_server(watch, list->metrics, error)) {
        g_clear_pointer(&events, watch_events_free);
        return FALSE;
    }
    g_clear_pointer(&watch->events, watch_events_free);
    watch->events = events;
    return TRUE;
}

/* Reads the list, and takes it over with all that it names, or leaves everything as it is. */
static gboolean load(Watch *watch, GError **error)
{
    WatchList *list = watch_list_new(watch->config, watch->keys, watch->sources, error);
    GPtrArray *cameras = list ? make_cameras(watch, list, error) : NULL;

    if (!cameras || !open_outputs(watch, list, error)) {
        g_clear_pointer(&cameras, g_ptr_array_unref);
        g_clear_pointer(&list, watch_list_free);
        return FALSE;
    }
    take_cameras(watch, cameras);
    g_clear_pointer(&watch->list, watch_list_free);
    watch->list = list;
    return TRUE;
}

/* The file may have been moved away, whatever is wrong with the new list. */
static void reopen_events(Watch *watch)
{
    GError *error = NULL;
    WatchEvents *events =
        watch->list->events ? watch_events_new(watch->list->events, &error) : NULL;

    if (events) {
        g_clear_pointer(&watch->events, watch_events_free);
        watch->events = events;
    } else if (error) {
        say("events go on in the file as it was: %s", error->message);
        g_error_free(error);
    }
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
        reopen_events(watch);
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
    quit_when_closed(watch);
    return G_SOURCE_CONTINUE;
}

static void loop(Watch *watch)
{
    guint sources[3];

    sources[0] = g_unix_signal_add(SIGINT, on_interrupt, watch);
    sources[1] = g_unix_signal_add(SIGTERM, on_interrupt, watch);
    sources[2] = g_timeout_add(TICK_MS, on_tick, watch);
    g_main_loop_run(watch->loop);
    for (guint i = 0; i < G_N_ELEMENTS(sources); i++)
        g_source_remove(sources[i]);

    for (guint i = 0; i < watch->cameras->len; i++)
        watch_report_summary(watch->cameras->pdata[i]);
    if (watch_pipeline_left_behind() > 0)
        say("%u connections did not close and were left behind", watch_pipeline_left_behind());
}

gboolean watch_run(const char *config, const char *const *keys, char **sources)
{
    Watch watch = {.config = config, .keys = keys, .sources = sources};
    GError *error = NULL;
    guint hangup;

    watch.loop = g_main_loop_new(NULL, FALSE);
    watch.cameras = g_ptr_array_new_with_free_func((GDestroyNotify)watch_camera_unref);
    watch.stopping = g_ptr_array_new_with_free_func((GDestroyNotify)watch_camera_unref);
    /* While models load too, where its default would end the program. */
    hangup = g_unix_signal_add(SIGHUP, on_hangup, &watch);
    if (load(&watch, &error)) {
        loop(&watch);
    } else {
        say("%s", error->message);
        g_error_free(error);
        watch.failed = TRUE;
    }
    g_source_remove(hangup);
    g_clear_pointer(&watch.server, watch_server_free);
    g_clear_pointer(&watch.events, watch_events_free);
    g_clear_pointer(&watch.list, watch_list_free);
    g_ptr_array_unref(watch.stopping);
    g_ptr_array_unref(watch.cameras);
    g_main_loop_unref(watch.loop);
    return !watch.failed;
}
