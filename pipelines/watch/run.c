/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/run.h"

#include <glib-unix.h>
#include <string.h>

#include "pipelines/common/print.h"
#include "pipelines/watch/alarms/alarms.h"
#include "pipelines/watch/alarms/commands.h"
#include "pipelines/watch/alarms/events.h"
#include "pipelines/watch/alarms/retained.h"
#include "pipelines/watch/alarms/webhook.h"
#include "pipelines/watch/follow.h"
#include "pipelines/watch/list.h"
#include "pipelines/watch/pictures/pictures.h"
#include "pipelines/watch/pictures/snapshots.h"
#include "pipelines/watch/pipeline.h"
#include "pipelines/watch/report.h"
#include "pipelines/watch/web/site.h"

#define TICK_MS 100
#define COMMAND_US (60 * G_USEC_PER_SEC) /* longest time of a command */
#define COMMAND_EVENTS 64                /* of a camera, waiting for its command */
#define WEBHOOK_S 10                     /* silence after which a server has failed */
#define WEBHOOK_EVENTS 256               /* waiting for a server */
#define PICTURE_US (2 * G_USEC_PER_SEC)  /* longest wait for a picture, and for the disk */
#define FOLLOW_TICKS 10                  /* between two looks at the list's file */
#define QUIT_MS 5000                     /* how long to wait for cameras that do not stop */

typedef struct Watch {
    GMainLoop *loop;
    const char *config; /* with keys and sources: the arguments of watch_list_new() */
    const char *const *keys;
    char **sources;
    WatchFollow *follow; /* of config, or NULL */
    guint ticks;
    WatchList *list;
    WatchServer *server; /* serves the site; or NULL */
    WatchSite *site;
    WatchEvents *events; /* or NULL */
    WatchAlarms *alarms;
    WatchCommands *commands;
    WatchWebhook *webhook;
    WatchRetained *retained;
    WatchPictures *pictures;
    WatchSnapshots *snapshots; /* or NULL */
    GPtrArray *cameras;        /* in the list's order */
    GPtrArray *stopping;       /* cameras that are stopping, in the list or removed from it */
    gboolean is_quitting;
    gboolean has_failed;
} Watch;

static void print_message(const char *format, ...) G_GNUC_PRINTF(1, 2);

static void print_message(const char *format, ...)
{
    g_autofree char *text = NULL, *masked = NULL;
    va_list arguments;

    va_start(arguments, format);
    text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    masked = watch_credentials_mask(NULL, text);
    print_error("convnext-watch", "%s", masked);
}

/* Starting and stopping */

static gboolean on_quit_timeout(gpointer data)
{
    Watch *watch = data;

    if (watch->stopping->len > 0) {
        print_message("%u cameras did not stop in time", watch->stopping->len);
        watch->has_failed = TRUE;
    } else {
        print_message("commands or webhooks of the last events did not end in time");
    }
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
    if (watch->is_quitting)
        return;
    watch->is_quitting = TRUE;
    g_timeout_add(QUIT_MS, on_quit_timeout, watch);
    for (guint i = 0; i < watch->cameras->len; i++)
        stop_camera(watch, watch->cameras->pdata[i]);
}

/* Also waits for earlier connections, which may close after a camera's last one, and for pictures,
 * commands and webhooks of the last events. */
static void quit_when_closed(Watch *watch)
{
    if (watch->is_quitting && watch->stopping->len == 0 && watch_pipeline_closing() == 0 &&
        !(watch->snapshots && watch_snapshots_are_busy(watch->snapshots)) &&
        !watch_commands_are_busy(watch->commands) && !watch_webhook_is_busy(watch->webhook))
        g_main_loop_quit(watch->loop);
}

static WatchCamera *find_camera(GPtrArray *cameras, const char *name)
{
    for (guint i = 0; i < cameras->len; i++) {
        if (strcmp(watch_camera_settings(cameras->pdata[i])->name, name) == 0)
            return cameras->pdata[i];
    }
    return NULL;
}

/* A replacement starts once the old camera has stopped, because many cameras allow only one
 * connection. */
static void start_camera(Watch *watch, const char *name)
{
    WatchCamera *camera = find_camera(watch->cameras, name);

    if (camera && !find_camera(watch->stopping, name))
        watch_camera_start(camera);
}

/* Starts the parts of cameras, or the cameras themselves. */
static void start_cameras(Watch *watch, gboolean parts)
{
    for (guint i = 0; i < watch->cameras->len; i++) {
        WatchCamera *camera = watch->cameras->pdata[i];
        const gboolean is_part = !!watch_camera_owner(camera);

        if (parts == is_part)
            start_camera(watch, watch_camera_settings(camera)->name);
    }
}

/* Hooks of the cameras */

static void on_changed(WatchCamera *camera, const char *detail, gpointer data)
{
    Watch *watch = data;

    watch->has_failed |= watch_camera_state(camera) == WATCH_FAILED;
    if (!watch->is_quitting)
        watch_report_camera(camera, detail);
    watch_pictures_camera_changed(watch->pictures, camera);
    watch_alarms_camera_changed(watch->alarms, camera);
}

static void on_label_changed(WatchCamera *camera, const GstStructure *message, gpointer data)
{
    watch_alarms_label_changed(((Watch *)data)->alarms, camera, message);
}

static void on_freeze_changed(WatchCamera *camera, const WatchFreeze *freeze, gpointer data)
{
    watch_alarms_freeze_changed(((Watch *)data)->alarms, camera, freeze);
}

static void on_baseline_changed(WatchCamera *camera, const WatchBaselineChange *change,
                                gpointer data)
{
    watch_alarms_baseline_changed(((Watch *)data)->alarms, camera, change);
}

static void on_stopped(WatchCamera *camera, gpointer data)
{
    Watch *watch = data;

    if (!watch->is_quitting)
        watch_report_summary(camera);
    g_ptr_array_remove(watch->stopping, camera); /* the caller has a reference too */
    start_camera(watch, watch_camera_settings(camera)->name);
    quit_when_closed(watch);
}

static void on_output_failed(WatchCamera *camera, const char *reason, gpointer data)
{
    Watch *watch = data;

    if (!watch->is_quitting)
        print_message("%s", reason);
    watch->has_failed = TRUE;
    quit(watch);
}

static const WatchHooks hooks = {on_changed,          on_label_changed, on_freeze_changed,
                                 on_baseline_changed, on_stopped,       on_output_failed};

typedef struct SnapshotRequest {
    Watch *watch;
    char *camera;
} SnapshotRequest;

/* Without a picture, that of an earlier event stays. */
static void on_snapshot(WatchPicture *picture, gpointer data)
{
    SnapshotRequest *request = data;
    WatchCamera *camera = find_camera(request->watch->cameras, request->camera);

    if (picture && camera)
        watch_retained_set_snapshot(request->watch->retained, watch_camera_settings(camera),
                                    picture->jpeg);
    g_free(request->camera);
    g_free(request);
}

/* With the key snapshots, the event has got its picture already. */
static void ask_for_snapshot(Watch *watch, WatchCamera *camera, const WatchEvent *event)
{
    SnapshotRequest *request;

    if (!watch->list || !watch->list->mqtt || !camera || !watch_event_has_picture(event))
        return;
    request = g_new(SnapshotRequest, 1);
    *request = (SnapshotRequest){watch, g_strdup(watch_event_camera(event))};
    watch_pictures_get(watch->pictures, camera,
                       watch_event_text(event, "snapshot") ? WATCH_PICTURES_FRESH : 0, on_snapshot,
                       request);
}

/* Takes the event. */
static void publish(WatchEvent *event, gpointer data)
{
    Watch *watch = data;

    WatchCamera *camera = find_camera(watch->cameras, watch_event_camera(event));
    const WatchSettings *settings = camera ? watch_camera_settings(camera) : NULL;

    watch_report_event(event);
    if (watch->events)
        watch_events_add(watch->events, event);
    watch_site_add_event(watch->site, event);
    watch_retained_add(watch->retained, event);
    ask_for_snapshot(watch, camera, event);
    if (settings && !watch_alarm_is_silent(&settings->rules, event, g_get_real_time())) {
        if (settings->on_event)
            watch_commands_add(watch->commands, (const char *const *)settings->on_event, event);
        if (settings->webhook)
            watch_webhook_add(watch->webhook, settings->webhook, event);
    }
    watch_event_unref(event);
}

/* Takes the event. */
static void on_event(WatchEvent *event, gpointer data)
{
    Watch *watch = data;

    if (watch->snapshots)
        watch_snapshots_add(watch->snapshots,
                            find_camera(watch->cameras, watch_event_camera(event)), event);
    else
        publish(event, watch);
}

/* The camera list */

/* The cameras of a list. Cameras whose settings are unchanged are reused. NULL with an error if a
 * new one cannot be made. */
static GPtrArray *make_cameras(Watch *watch, const WatchList *list, GError **error)
{
    g_autoptr(GPtrArray) cameras =
        g_ptr_array_new_with_free_func((GDestroyNotify)watch_camera_unref);

    for (guint i = 0; i < list->cameras->len; i++) {
        WatchSettings *settings = list->cameras->pdata[i];
        WatchCamera *camera = find_camera(watch->cameras, settings->name);
        WatchCamera *owner = settings->camera ? find_camera(cameras, settings->camera) : NULL;

        if (camera && watch_settings_equal(watch_camera_settings(camera), settings) &&
            watch_camera_owner(camera) == owner)
            camera = watch_camera_ref(camera);
        else
            camera = watch_camera_new(settings, owner, &hooks, watch, error);
        if (!camera)
            return NULL;
        g_ptr_array_add(cameras, camera);
    }
    return g_steal_pointer(&cameras);
}

/* Takes ownership of cameras. */
static void replace_cameras(Watch *watch, GPtrArray *cameras)
{
    g_autoptr(GPtrArray) old = watch->cameras;

    watch->cameras = cameras;
    watch_site_set_cameras(watch->site, cameras);
    for (guint i = 0; i < old->len; i++) {
        if (!g_ptr_array_find(cameras, old->pdata[i], NULL))
            stop_camera(watch, old->pdata[i]);
    }
    watch_alarms_keep(watch->alarms, cameras);
    watch_pictures_keep(watch->pictures, cameras);
    start_cameras(watch, TRUE); /* so that parts of a file miss none of its frames */
    start_cameras(watch, FALSE);
}

static WatchServer *make_server(Watch *watch, const char *where, GError **error)
{
    return watch_server_new(where, watch_site_request, watch->site, error);
}

static void set_server(Watch *watch, WatchServer *server)
{
    g_clear_pointer(&watch->server, watch_server_free);
    watch->server = server;
    watch_site_set_server(watch->site, server);
}

/* Starts the new server before it stops the old one, unless the old one occupies the address.
 * where: NULL only stops the old one. */
static gboolean move_server(Watch *watch, const char *where, GError **error)
{
    WatchServer *server = where ? make_server(watch, where, error) : NULL;

    if (where && !server && watch->server && watch_server_is_taken(*error)) {
        set_server(watch, NULL);
        server = make_server(watch, where, NULL);
        if (server)
            g_clear_error(error);
        else
            set_server(watch, make_server(watch, watch->list->metrics, NULL));
    }
    if (where && !server)
        return FALSE;
    set_server(watch, server);
    if (server) {
        print_message("page at %s/", watch_server_url(server));
        print_message("metrics at %s/metrics", watch_server_url(server));
    }
    return TRUE;
}

/* Opens the list's metrics server and events file. The events file is reopened each time, so that
 * it can be rotated. If either fails, changes nothing and returns FALSE with an error. */
static gboolean open_outputs(Watch *watch, const WatchList *list, GError **error)
{
    const gboolean is_moved =
        !watch->list || g_strcmp0(list->metrics, watch->list->metrics) != 0 || !watch->server;
    g_autoptr(WatchEvents) events = NULL;

    if (list->events && !(events = watch_events_new(list->events, error)))
        return FALSE;
    if (is_moved && !move_server(watch, list->metrics, error))
        return FALSE;
    g_clear_pointer(&watch->events, watch_events_free);
    watch->events = g_steal_pointer(&events);
    return TRUE;
}

/* The events that wait are published now, because the new list may lack their camera. */
static void move_snapshots(Watch *watch, const char *path)
{
    if (watch->snapshots)
        watch_snapshots_flush(watch->snapshots);
    if (watch->snapshots && g_strcmp0(path, watch_snapshots_path(watch->snapshots)) == 0)
        return;
    g_clear_pointer(&watch->snapshots, watch_snapshots_free);
    if (path)
        watch->snapshots = watch_snapshots_new(path, watch->pictures, PICTURE_US, publish, watch);
}

/* Reads the list and applies all of it, or changes nothing. */
static gboolean load_list(Watch *watch, GError **error)
{
    g_autoptr(WatchList) list = watch_list_new(watch->config, watch->keys, watch->sources, error);
    g_autoptr(GPtrArray) cameras = list ? make_cameras(watch, list, error) : NULL;

    if (!cameras || !open_outputs(watch, list, error))
        return FALSE;
    watch_site_set_login(watch->site, list->web_login);
    move_snapshots(watch, list->snapshots);
    watch_site_set_snapshots(watch->site, list->snapshots);
    replace_cameras(watch, g_steal_pointer(&cameras));
    watch_retained_connect(watch->retained, list->mqtt);
    g_clear_pointer(&watch->list, watch_list_free);
    watch->list = g_steal_pointer(&list);
    return TRUE;
}

/* Called if the new list is rejected, because the events file may have been moved away. */
static void reopen_events(Watch *watch)
{
    g_autoptr(GError) error = NULL;
    WatchEvents *events =
        watch->list->events ? watch_events_new(watch->list->events, &error) : NULL;

    if (events) {
        g_clear_pointer(&watch->events, watch_events_free);
        watch->events = events;
    } else if (error) {
        print_message("the events file is unchanged: %s", error->message);
    }
}

static gboolean on_hangup(gpointer data)
{
    Watch *watch = data;
    g_autoptr(GError) error = NULL;

    if (watch->is_quitting)
        return G_SOURCE_CONTINUE;
    if (load_list(watch, &error)) {
        print_message("reloaded the camera list: %u cameras", watch->cameras->len);
    } else {
        reopen_events(watch);
        print_message("the camera list is unchanged: %s", error->message);
    }
    return G_SOURCE_CONTINUE;
}

/* The main loop */

/* A second Ctrl-C quits at once. */
static gboolean on_interrupt(gpointer data)
{
    Watch *watch = data;

    if (watch->is_quitting)
        g_main_loop_quit(watch->loop);
    else
        print_message("stopping; a second signal quits at once");
    quit(watch);
    return G_SOURCE_CONTINUE;
}

/* Quits when every camera is a file that has ended or failed. */
static gboolean on_tick(gpointer data)
{
    Watch *watch = data;
    /* An instance without a camera waits for one. */
    gboolean all_done = watch->cameras->len > 0;

    if (watch->follow && ++watch->ticks % FOLLOW_TICKS == 0 && watch_follow_check(watch->follow))
        on_hangup(watch);
    for (guint i = 0; i < watch->cameras->len; i++) {
        WatchCamera *camera = watch->cameras->pdata[i];

        watch_camera_tick(camera);
        watch_alarms_tick(watch->alarms, camera);
        all_done &=
            watch_camera_state(camera) == WATCH_ENDED || watch_camera_state(camera) == WATCH_FAILED;
    }
    watch_retained_update(watch->retained, watch->cameras, watch->alarms);
    if (all_done)
        quit(watch);
    quit_when_closed(watch);
    return G_SOURCE_CONTINUE;
}

static void run_loop(Watch *watch)
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
        print_message("%u connections did not close in time and were left behind",
                      watch_pipeline_left_behind());
}

gboolean watch_run(const char *config, const char *const *keys, char **sources, gboolean follows)
{
    Watch watch = {.config = config, .keys = keys, .sources = sources};
    g_autoptr(GError) error = NULL;
    guint hangup;

    watch.loop = g_main_loop_new(NULL, FALSE);
    watch.follow = config && follows ? watch_follow_new(config) : NULL;
    watch.alarms = watch_alarms_new(on_event, &watch);
    watch.commands = watch_commands_new(COMMAND_US, COMMAND_EVENTS);
    watch.webhook = watch_webhook_new(WEBHOOK_S, WEBHOOK_EVENTS);
    watch.retained = watch_retained_new();
    watch.pictures = watch_pictures_new(WATCH_PICTURES_TO_SHOW, PICTURE_US);
    watch.site = watch_site_new(watch.alarms, watch.pictures);
    watch.cameras = g_ptr_array_new_with_free_func((GDestroyNotify)watch_camera_unref);
    watch.stopping = g_ptr_array_new_with_free_func((GDestroyNotify)watch_camera_unref);
    /* Installed before the models load, because SIGHUP ends a program without a handler. */
    hangup = g_unix_signal_add(SIGHUP, on_hangup, &watch);
    if (load_list(&watch, &error)) {
        run_loop(&watch);
    } else {
        print_message("%s", error->message);
        watch.has_failed = TRUE;
    }
    g_source_remove(hangup);
    g_clear_pointer(&watch.snapshots, watch_snapshots_free);
    set_server(&watch, NULL);
    g_clear_pointer(&watch.events, watch_events_free);
    g_clear_pointer(&watch.list, watch_list_free);
    watch_pictures_free(watch.pictures);
    watch_site_free(watch.site);
    watch_alarms_free(watch.alarms);
    watch_commands_free(watch.commands);
    watch_webhook_free(watch.webhook);
    watch_retained_free(watch.retained);
    g_ptr_array_unref(watch.stopping);
    g_ptr_array_unref(watch.cameras);
    watch_follow_free(watch.follow);
    g_main_loop_unref(watch.loop);
    return !watch.has_failed;
}
