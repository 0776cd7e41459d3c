/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/camera.h"

#include "pipelines/watch/backoff.h"
#include "pipelines/watch/pipeline.h"

/* A connection that has held for so long was a good one. */
#define STEADY_US (5 * G_USEC_PER_SEC)

/* Cameras lock out who tries wrong passwords too often. */
#define UNAUTHORIZED_US (60 * G_USEC_PER_SEC)

struct WatchCamera {
    WatchSettings *settings;
    const WatchHooks *hooks;
    gpointer data;
    WatchCounts *counts;
    WatchPipeline *pipeline;
    WatchState state;
    gint64 since; /* when that began, monotonic microseconds */
    WatchBackoff backoff;
    gint64 wait; /* from the loss to the next attempt, microseconds */
    gboolean started;
    gboolean late;   /* that frames are left out is told */
    gboolean broken; /* what is behind the source failed while there was none */
    guint retry;     /* event source; 0: none */
    guint bus_watch; /* event source; 0: none */
};

const char *watch_state_name(WatchState state)
{
    static const char *const names[WATCH_STATES] = {"connecting", "playing", "waiting",
                                                    "ended",      "failed",  "stopped"};

    return names[state];
}

static void enter(WatchCamera *camera, WatchState state, const char *detail)
{
    camera->state = state;
    camera->since = g_get_monotonic_time();
    camera->hooks->changed(camera, detail, camera->data);
}

static gboolean is_open(const WatchCamera *camera)
{
    return camera->state == WATCH_CONNECTING || camera->state == WATCH_PLAYING;
}

static void connect_source(WatchCamera *camera);

static void close_source(WatchCamera *camera, gboolean whole, GSourceFunc done)
{
    watch_pipeline_close(camera->pipeline, whole, done, watch_camera_ref(camera),
                         (GDestroyNotify)watch_camera_unref);
}

static gboolean on_repaired(gpointer data)
{
    WatchCamera *camera = data;

    if (camera->state == WATCH_WAITING)
        connect_source(camera);
    return G_SOURCE_REMOVE;
}

/* Frames of the next source would be refused by elements that have failed, without another error of
 * theirs: they begin anew. */
static gboolean on_retry(gpointer data)
{
    WatchCamera *camera = data;

    camera->retry = 0;
    if (camera->broken) {
        camera->broken = FALSE;
        close_source(camera, TRUE, on_repaired);
    } else {
        connect_source(camera);
    }
    return G_SOURCE_REMOVE;
}

static gboolean on_closed(gpointer data)
{
    WatchCamera *camera = data;
    const gint64 rest = camera->wait - (g_get_monotonic_time() - camera->since);

    if (camera->state == WATCH_WAITING)
        camera->retry = g_timeout_add((guint)(MAX(rest, 0) / 1000), on_retry, camera);
    return G_SOURCE_REMOVE;
}

static gboolean on_stopped(gpointer data)
{
    WatchCamera *camera = data;

    camera->hooks->stopped(camera, camera->data);
    return G_SOURCE_REMOVE;
}

/* The camera is gone, for the reason that is given, and will be tried again after wait, or longer.
 * whole: what is behind the source is of no more use either. */
static void lose(WatchCamera *camera, const char *reason, gint64 wait, gboolean whole)
{
    gint64 pause;
    char *detail;

    if (!is_open(camera))
        return;
    if (camera->settings->kind == WATCH_FILE) {
        enter(camera, WATCH_FAILED, reason);
        close_source(camera, TRUE, on_closed);
        return;
    }
    pause = watch_backoff_next(&camera->backoff);
    camera->wait = MAX(wait, pause);
    g_mutex_lock(&camera->counts->lock);
    camera->counts->reconnects++;
    g_mutex_unlock(&camera->counts->lock);
    detail = g_strdup_printf("%s; again in %.1f s", reason, (double)camera->wait / G_USEC_PER_SEC);
    enter(camera, WATCH_WAITING, detail);
    g_free(detail);
    close_source(camera, whole, on_closed);
}

static void connect_source(WatchCamera *camera)
{
    GError *error = NULL;

    camera->late = FALSE;
    enter(camera, WATCH_CONNECTING, NULL);
    if (!watch_pipeline_open(camera->pipeline, &error)) {
        lose(camera, error->message, 0, FALSE);
        g_error_free(error);
    }
}

static void look(WatchCamera *camera, const WatchFlow *flow)
{
    const gboolean first = camera->state == WATCH_CONNECTING;
    char *size;

    if (flow->frames == 0)
        return;
    if (first || flow->resized) {
        size = g_strdup_printf("%dx%d", flow->width, flow->height);
        enter(camera, WATCH_PLAYING, size);
        g_free(size);
    } else if (g_get_monotonic_time() - camera->since > STEADY_US) {
        watch_backoff_reset(&camera->backoff);
    }
    if (flow->skipped > 0 && !camera->late) {
        camera->late = TRUE;
        camera->hooks->changed(camera, "frames come too late to be decoded, and are left out",
                               camera->data);
    }
}

void watch_camera_tick(WatchCamera *camera)
{
    const WatchSettings *settings = camera->settings;
    WatchFlow flow;
    gint64 patience, silence;
    char *reason;

    if (!is_open(camera))
        return;
    watch_pipeline_read(camera->pipeline, &flow);
    look(camera, &flow);
    patience = flow.frames ? settings->stall : settings->connect;
    silence = g_get_monotonic_time() - (flow.frames ? flow.last : camera->since);
    if (flow.ended) {
        lose(camera, "the stream ended", 0, FALSE);
    } else if (silence > patience && (flow.frames == 0 || settings->kind != WATCH_FILE)) {
        reason = g_strdup_printf("no frame for %g s", (double)patience / G_USEC_PER_SEC);
        lose(camera, reason, 0, FALSE);
        g_free(reason);
    }
}

/* Takes the reason and returns a better one. */
static char *tell_login(const WatchCamera *camera, char *reason)
{
    char *better = g_strdup_printf("%s: %s",
                                   camera->settings->login.user
                                       ? "it does not take the login that it is given"
                                       : "it takes a login, by credentials-file or credentials-env",
                                   reason);

    g_free(reason);
    return better;
}

static void on_error(WatchCamera *camera, GstMessage *message)
{
    GError *error = NULL;
    char *reason = NULL;
    gint64 wait;

    gst_message_parse_error(message, &error, NULL);
    wait = g_error_matches(error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_AUTHORIZED)
               ? UNAUTHORIZED_US
               : 0;
    g_error_free(error);
    switch (watch_pipeline_blame(camera->pipeline, message, &reason)) {
    case WATCH_BLAME_NOBODY:
        break;
    case WATCH_BLAME_SOURCE:
        if (wait > 0)
            reason = tell_login(camera, reason);
        lose(camera, reason, wait, FALSE);
        break;
    case WATCH_BLAME_NETWORK:
        camera->broken = camera->state == WATCH_WAITING;
        lose(camera, reason, wait, TRUE);
        break;
    case WATCH_BLAME_OUTPUT:
        camera->hooks->unwritable(camera, reason, camera->data);
        break;
    }
    g_free(reason);
}

/* After the first frame the stream's end tells; before it there is nothing yet that could end. */
static void on_warning(WatchCamera *camera, GstMessage *message)
{
    WatchFlow flow;

    if (!is_open(camera) || !watch_pipeline_hung_up(camera->pipeline, message))
        return;
    watch_pipeline_read(camera->pipeline, &flow);
    look(camera, &flow);
    if (flow.frames == 0)
        lose(camera, "the camera closed the connection", 0, FALSE);
}

static void on_eos(WatchCamera *camera)
{
    if (!is_open(camera))
        return;
    watch_camera_tick(camera); /* a file may be shorter than a tick */
    enter(camera, WATCH_ENDED, NULL);
    close_source(camera, TRUE, on_closed);
}

static gboolean on_message(GstBus *bus, GstMessage *message, gpointer data)
{
    WatchCamera *camera = data;

    switch (GST_MESSAGE_TYPE(message)) {
    case GST_MESSAGE_ERROR:
        on_error(camera, message);
        break;
    case GST_MESSAGE_WARNING:
        on_warning(camera, message);
        break;
    case GST_MESSAGE_EOS:
        on_eos(camera);
        break;
    case GST_MESSAGE_ELEMENT:
        if (gst_message_has_name(message, "convnext-state-changed"))
            camera->hooks->state_changed(camera, gst_message_get_structure(message), camera->data);
        break;
    default:
        break;
    }
    return G_SOURCE_CONTINUE;
}

WatchCamera *watch_camera_new(WatchSettings *settings, const WatchHooks *hooks, gpointer data,
                              GError **error)
{
    WatchCounts *counts = watch_counts_new();
    WatchPipeline *pipeline = watch_pipeline_new(settings, counts, error);
    WatchCamera *camera;
    GstBus *bus;

    if (!pipeline) {
        watch_counts_free(counts);
        return NULL;
    }
    camera = g_atomic_rc_box_new0(WatchCamera);
    camera->settings = watch_settings_ref(settings);
    camera->hooks = hooks;
    camera->data = data;
    camera->counts = counts;
    camera->pipeline = pipeline;
    camera->state = WATCH_WAITING;
    camera->backoff.least = settings->reconnect_min;
    camera->backoff.most = settings->reconnect_max;
    bus = watch_pipeline_bus(pipeline);
    camera->bus_watch = gst_bus_add_watch(bus, on_message, camera);
    gst_object_unref(bus);
    return camera;
}

void watch_camera_start(WatchCamera *camera)
{
    if (camera->started || camera->state == WATCH_STOPPED)
        return;
    camera->started = TRUE;
    connect_source(camera);
}

void watch_camera_stop(WatchCamera *camera)
{
    if (camera->state == WATCH_STOPPED)
        return;
    if (camera->retry)
        g_source_remove(camera->retry);
    g_source_remove(camera->bus_watch);
    camera->retry = camera->bus_watch = 0;
    enter(camera, WATCH_STOPPED, NULL);
    close_source(camera, TRUE, on_stopped);
}

static void clear(gpointer data)
{
    WatchCamera *camera = data;

    if (camera->bus_watch)
        g_source_remove(camera->bus_watch);
    watch_pipeline_unref(camera->pipeline);
    watch_counts_free(camera->counts);
    watch_settings_unref(camera->settings);
}

WatchCamera *watch_camera_ref(WatchCamera *camera)
{
    return g_atomic_rc_box_acquire(camera);
}

void watch_camera_unref(WatchCamera *camera)
{
    g_atomic_rc_box_release_full(camera, clear);
}

const WatchSettings *watch_camera_settings(const WatchCamera *camera)
{
    return camera->settings;
}

WatchState watch_camera_state(const WatchCamera *camera)
{
    return camera->state;
}

WatchCounts *watch_camera_counts(WatchCamera *camera)
{
    return camera->counts;
}

GstStructure *watch_camera_stats(WatchCamera *camera)
{
    return watch_pipeline_stats(camera->pipeline);
}
