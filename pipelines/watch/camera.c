/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/camera.h"

#include "gst/network/backoff.h"
#include "pipelines/watch/pipeline.h"

/* A connection that lasts this long is steady: the next delay is the shortest again. */
#define STEADY_US (5 * G_USEC_PER_SEC)

/* Cameras lock out clients that retry wrong passwords too often. */
#define UNAUTHORIZED_US (60 * G_USEC_PER_SEC)

struct WatchCamera {
    WatchSettings *settings;
    WatchCamera *owner; /* of a part; else NULL */
    const WatchHooks *hooks;
    gpointer data;
    WatchCounts *counts;
    WatchPipeline *pipeline;
    WatchState state;
    gint64 state_time; /* when the state began, monotonic microseconds */
    char *cause;       /* of the last loss, or NULL */
    GstConvnextBackoff backoff;
    gint64 retry_delay; /* from the loss to the next attempt, microseconds */
    gboolean is_started;
    gboolean drops_are_reported;
    gboolean needs_restart; /* a downstream element failed while no source was open */
    guint retry;            /* event source, or 0 */
    guint bus_watch;        /* event source, or 0 */
};

const char *watch_state_name(WatchState state)
{
    static const char *const names[WATCH_STATES] = {"connecting", "playing", "waiting",
                                                    "ended",      "failed",  "stopped"};

    return names[state];
}

static void set_freeze(WatchCamera *camera, const WatchFreeze *freeze)
{
    g_mutex_lock(&camera->counts->lock);
    camera->counts->is_frozen = freeze->is_frozen;
    g_mutex_unlock(&camera->counts->lock);
    if (camera->hooks->freeze_changed)
        camera->hooks->freeze_changed(camera, freeze, camera->data);
}

static gboolean is_over(const WatchCamera *camera)
{
    return camera->state == WATCH_ENDED || camera->state == WATCH_FAILED;
}

/* A still passage ends with its file. A live camera that is lost or stops shows nothing new, so it
 * stays frozen. */
static void end_freeze(WatchCamera *camera)
{
    WatchProgress progress;

    if (!camera->counts->is_frozen)
        return;
    watch_pipeline_read(camera->pipeline, &progress);
    progress.freeze.is_frozen = FALSE;
    set_freeze(camera, &progress.freeze);
}

static void set_state(WatchCamera *camera, WatchState state, const char *detail)
{
    camera->state = state;
    camera->state_time = g_get_monotonic_time();
    if (is_over(camera))
        end_freeze(camera);
    camera->hooks->changed(camera, detail, camera->data);
}

static gboolean is_open(const WatchCamera *camera)
{
    return camera->state == WATCH_CONNECTING || camera->state == WATCH_PLAYING;
}

/* Connecting and losing the source */

static void connect_source(WatchCamera *camera);

static void close_source(WatchCamera *camera, gboolean whole, GSourceFunc done)
{
    watch_pipeline_close(camera->pipeline, whole, done, watch_camera_ref(camera),
                         (GDestroyNotify)watch_camera_unref);
}

static gboolean on_reset(gpointer data)
{
    WatchCamera *camera = data;

    if (camera->state == WATCH_WAITING)
        connect_source(camera);
    return G_SOURCE_REMOVE;
}

/* Elements that have failed refuse the frames of the next source without another error, so the
 * whole pipeline restarts. */
static gboolean on_retry(gpointer data)
{
    WatchCamera *camera = data;

    camera->retry = 0;
    if (camera->needs_restart) {
        camera->needs_restart = FALSE;
        close_source(camera, TRUE, on_reset);
    } else {
        connect_source(camera);
    }
    return G_SOURCE_REMOVE;
}

static gboolean on_closed(gpointer data)
{
    WatchCamera *camera = data;
    const gint64 rest = camera->retry_delay - (g_get_monotonic_time() - camera->state_time);

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

/* The camera is lost, and reconnects after min_delay or longer. whole: the downstream elements
 * restart too. */
static void lose_source(WatchCamera *camera, const char *reason, gint64 min_delay, gboolean whole)
{
    g_autofree char *detail = NULL;
    gint64 delay;

    if (!is_open(camera))
        return;
    g_free(camera->cause);
    camera->cause = g_strdup(reason);
    if (camera->settings->kind == WATCH_FILE) {
        set_state(camera, WATCH_FAILED, reason);
        close_source(camera, TRUE, on_closed);
        return;
    }
    delay = gst_convnext_backoff_next(&camera->backoff);
    camera->retry_delay = MAX(min_delay, delay);
    g_mutex_lock(&camera->counts->lock);
    camera->counts->reconnects++;
    g_mutex_unlock(&camera->counts->lock);
    detail = g_strdup_printf("%s; retrying in %.1f s", reason,
                             (double)camera->retry_delay / G_USEC_PER_SEC);
    set_state(camera, WATCH_WAITING, detail);
    close_source(camera, whole, on_closed);
}

static void connect_source(WatchCamera *camera)
{
    g_autoptr(GError) error = NULL;
    const gboolean has_opened = watch_pipeline_open(camera->pipeline, &error);
    gboolean has_lost_login;
    g_autofree char *address = watch_pipeline_redirected(camera->pipeline, &has_lost_login);
    g_autofree char *detail = address ? g_strdup_printf("redirected to %s", address) : NULL;

    camera->drops_are_reported = FALSE;
    set_state(camera, WATCH_CONNECTING, detail);
    if (!has_opened)
        lose_source(camera, error->message, 0, FALSE);
}

/* Progress */

static void report_progress(WatchCamera *camera, const WatchProgress *progress)
{
    if (progress->frames == 0)
        return;
    if (camera->state != WATCH_PLAYING || progress->size_changed) {
        g_autofree char *size = g_strdup_printf("%dx%d", progress->width, progress->height);

        set_state(camera, WATCH_PLAYING, size);
    } else if (g_get_monotonic_time() - camera->state_time > STEADY_US) {
        gst_convnext_backoff_reset(&camera->backoff);
    }
    if (progress->dropped > 0 && !camera->drops_are_reported) {
        camera->drops_are_reported = TRUE;
        camera->hooks->changed(camera, "frames arrive too late and are dropped before decoding",
                               camera->data);
    }
}

/* The source of a part stays open while its camera is lost; the part waits for that. */
static void follow_owner(WatchCamera *part)
{
    WatchCamera *owner = part->owner;
    WatchProgress progress;

    if (is_open(part) && owner->state == WATCH_FAILED) { /* a file */
        lose_source(part, owner->cause, 0, FALSE);
    } else if (part->state == WATCH_PLAYING && owner->state == WATCH_WAITING) {
        g_free(part->cause);
        part->cause = g_strdup(owner->cause);
        set_state(part, WATCH_WAITING, NULL);
    } else if (part->state == WATCH_WAITING && owner->state == WATCH_PLAYING && !part->retry &&
               part->needs_restart) {
        on_retry(part);
    } else if (watch_pipeline_read(part->pipeline, &progress) &&
               (part->state != WATCH_WAITING || progress.last_time > part->state_time)) {
        report_progress(part, &progress);
    }
}

void watch_camera_tick(WatchCamera *camera)
{
    const WatchSettings *settings = camera->settings;
    WatchProgress progress;
    gint64 timeout, silence;

    if (camera->owner && camera->is_started && !is_over(camera) && camera->state != WATCH_STOPPED)
        follow_owner(camera);
    if (camera->owner || !is_open(camera))
        return;
    watch_pipeline_read(camera->pipeline, &progress);
    report_progress(camera, &progress);
    timeout = progress.frames ? settings->stall_timeout : settings->connect_timeout;
    silence = g_get_monotonic_time() - (progress.frames ? progress.last_time : camera->state_time);
    if (progress.has_ended) {
        lose_source(camera, "the stream ended", 0, FALSE);
    } else if (silence > timeout && (progress.frames == 0 || settings->kind != WATCH_FILE)) {
        g_autofree char *reason =
            g_strdup_printf("no frame for %g s", (double)timeout / G_USEC_PER_SEC);

        lose_source(camera, reason, 0, FALSE);
    }
}

/* Messages */

/* Adds a hint about credentials to the reason. */
static char *explain_login(const WatchCamera *camera, const char *reason)
{
    gboolean has_lost_login;
    g_autofree char *address = watch_pipeline_redirected(camera->pipeline, &has_lost_login);

    if (has_lost_login)
        return g_strdup_printf("It redirects to %s, but its credentials are not sent there: set "
                               "that address as the source: %s",
                               address, reason);
    return g_strdup_printf("%s: %s",
                           camera->settings->credentials.user
                               ? "the camera refuses the credentials"
                               : "the camera requires a login, set credentials-file or "
                                 "credentials-env",
                           reason);
}

static void on_error(WatchCamera *camera, GstMessage *message)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *reason = NULL, *login_reason = NULL;
    gint64 min_delay = 0;

    gst_message_parse_error(message, &error, NULL);
    if (g_error_matches(error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_AUTHORIZED))
        min_delay = UNAUTHORIZED_US;
    switch (watch_pipeline_error_origin(camera->pipeline, message, &reason)) {
    case WATCH_ORIGIN_OLD_SOURCE:
        break;
    case WATCH_ORIGIN_SOURCE:
        if (min_delay > 0)
            login_reason = explain_login(camera, reason);
        lose_source(camera, login_reason ? login_reason : reason, min_delay, FALSE);
        break;
    case WATCH_ORIGIN_PIPELINE:
        camera->needs_restart = camera->state == WATCH_WAITING;
        lose_source(camera, reason, min_delay, TRUE);
        break;
    case WATCH_ORIGIN_OUTPUT:
        if (camera->hooks->output_failed)
            camera->hooks->output_failed(camera, reason, camera->data);
        break;
    }
}

/* After the first frame, the end of the stream reports the loss. Before it there is no stream to
 * end, so the warning does. */
static void on_warning(WatchCamera *camera, GstMessage *message)
{
    g_autofree char *text = watch_pipeline_model_warning(camera->pipeline, message);
    WatchProgress progress;

    if (text)
        camera->hooks->changed(camera, text, camera->data);
    if (!is_open(camera) || !watch_pipeline_hung_up(camera->pipeline, message))
        return;
    watch_pipeline_read(camera->pipeline, &progress);
    report_progress(camera, &progress);
    if (progress.frames == 0)
        lose_source(camera, "the camera closed the connection", 0, FALSE);
}

static void on_info(WatchCamera *camera, GstMessage *message)
{
    g_autofree char *text = watch_pipeline_source_note(camera->pipeline, message);

    if (text && is_open(camera))
        camera->hooks->changed(camera, text, camera->data);
}

static void on_eos(WatchCamera *camera)
{
    if (!is_open(camera))
        return;
    watch_camera_tick(camera); /* a file may be shorter than a tick */
    set_state(camera, WATCH_ENDED, NULL);
    close_source(camera, TRUE, on_closed);
}

static void on_freeze(WatchCamera *camera, const WatchFreeze *freeze)
{
    watch_camera_tick(camera); /* a file may freeze before its first tick */
    if (freeze->is_frozen != camera->counts->is_frozen && !is_over(camera))
        set_freeze(camera, freeze);
}

static void on_baseline(WatchCamera *camera, const WatchBaselineChange *change)
{
    watch_camera_tick(camera); /* a file may be shorter than a tick */
    if (change->note)
        camera->hooks->changed(camera, change->note, camera->data);
    if (camera->hooks->baseline_changed)
        camera->hooks->baseline_changed(camera, change, camera->data);
}

/* The source is replaced at once. That is no loss, so it is not reported as one. */
static void on_element(WatchCamera *camera, GstMessage *message)
{
    WatchBaselineChange change;
    WatchFreeze freeze;

    if (gst_message_has_name(message, "convnext-state-changed")) {
        if (camera->hooks->label_changed)
            camera->hooks->label_changed(camera, gst_message_get_structure(message), camera->data);
    } else if (watch_connection_parse_freeze(message, &freeze)) {
        on_freeze(camera, &freeze);
    } else if (watch_learner_parse(message, &change)) {
        on_baseline(camera, &change);
    } else if (is_open(camera) && watch_pipeline_redirect(camera->pipeline, message)) {
        camera->state = WATCH_WAITING;
        camera->retry_delay = 0;
        close_source(camera, FALSE, on_closed);
    }
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
    case GST_MESSAGE_INFO:
        on_info(camera, message);
        break;
    case GST_MESSAGE_EOS:
        on_eos(camera);
        break;
    case GST_MESSAGE_ELEMENT:
        on_element(camera, message);
        break;
    default:
        break;
    }
    return G_SOURCE_CONTINUE;
}

/* Lifetime */

WatchCamera *watch_camera_new(WatchSettings *settings, WatchCamera *owner, const WatchHooks *hooks,
                              gpointer data, GError **error)
{
    WatchCounts *counts = watch_counts_new();
    WatchRelay *inlet = owner ? watch_pipeline_relay(owner->pipeline) : NULL;
    WatchPipeline *pipeline = watch_pipeline_new(settings, inlet, counts, error);
    g_autoptr(GstBus) bus = NULL;
    WatchCamera *camera;

    if (!pipeline) {
        watch_counts_free(counts);
        return NULL;
    }
    camera = g_atomic_rc_box_new0(WatchCamera);
    camera->settings = watch_settings_ref(settings);
    camera->owner = owner ? watch_camera_ref(owner) : NULL;
    camera->hooks = hooks;
    camera->data = data;
    camera->counts = counts;
    camera->pipeline = pipeline;
    camera->state = WATCH_WAITING;
    camera->backoff.min_delay = settings->min_delay;
    camera->backoff.max_delay = settings->max_delay;
    bus = watch_pipeline_bus(pipeline);
    camera->bus_watch = gst_bus_add_watch(bus, on_message, camera);
    return camera;
}

void watch_camera_start(WatchCamera *camera)
{
    if (camera->is_started || camera->state == WATCH_STOPPED)
        return;
    camera->is_started = TRUE;
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
    set_state(camera, WATCH_STOPPED, NULL);
    close_source(camera, TRUE, on_stopped);
}

static void clear_camera(gpointer data)
{
    WatchCamera *camera = data;

    if (camera->bus_watch)
        g_source_remove(camera->bus_watch);
    g_free(camera->cause);
    watch_pipeline_unref(camera->pipeline);
    watch_counts_free(camera->counts);
    watch_settings_unref(camera->settings);
    g_clear_pointer(&camera->owner, watch_camera_unref);
}

WatchCamera *watch_camera_ref(WatchCamera *camera)
{
    return g_atomic_rc_box_acquire(camera);
}

void watch_camera_unref(WatchCamera *camera)
{
    g_atomic_rc_box_release_full(camera, clear_camera);
}

/* State */

WatchCamera *watch_camera_owner(const WatchCamera *camera)
{
    return camera->owner;
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

gboolean watch_camera_progress(WatchCamera *camera, WatchProgress *progress)
{
    return watch_pipeline_read(camera->pipeline, progress);
}

const char *watch_camera_cause(const WatchCamera *camera)
{
    return camera->cause || !camera->owner ? camera->cause : camera->owner->cause;
}

guint watch_camera_failures(const WatchCamera *camera)
{
    return camera->owner ? camera->owner->backoff.failures : camera->backoff.failures;
}

gint64 watch_camera_last_frame_time(WatchCamera *camera)
{
    g_mutex_lock(&camera->counts->lock);
    const gint64 time = camera->counts->last_frame_time;
    g_mutex_unlock(&camera->counts->lock);
    return time;
}

GstClockTime watch_camera_last_result_pts(WatchCamera *camera)
{
    GstClockTime pts = GST_CLOCK_TIME_NONE;

    g_mutex_lock(&camera->counts->lock);
    if (camera->counts->last_result)
        pts = gst_convnext_result_get_pts(camera->counts->last_result);
    g_mutex_unlock(&camera->counts->lock);
    return pts;
}

gboolean watch_camera_baseline(WatchCamera *camera, WatchVerdict *verdict)
{
    return watch_pipeline_baseline(camera->pipeline, verdict);
}

GstStructure *watch_camera_stats(WatchCamera *camera)
{
    return watch_pipeline_stats(camera->pipeline);
}

WatchTap *watch_camera_tap(WatchCamera *camera)
{
    return watch_pipeline_tap(camera->pipeline);
}
