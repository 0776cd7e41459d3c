/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/check.h"

#include <string.h>

#include "pipelines/common/print.h"
#include "pipelines/watch/camera.h"
#include "pipelines/watch/list.h"

#define TICK_MS 100
#define LOOK_US (2 * G_USEC_PER_SEC)    /* at the frames of a camera, at least */
#define RESULT_US (10 * G_USEC_PER_SEC) /* longest wait for a result after the first frame */
#define QUIT_MS 5000                    /* how long to wait for cameras that do not stop */

typedef struct Finding {
    WatchCamera *camera;    /* or NULL: it cannot be made */
    WatchProgress progress; /* as last read */
    char *text;             /* NULL until the camera is checked */
    gboolean is_good;
    gboolean is_stopped;
} Finding;

typedef struct Check {
    GMainLoop *loop;
    Finding *findings; /* [count] */
    guint count, running;
    guint timeout; /* event source, or 0 */
} Check;

/* Takes the text. */
static void set_finding(Finding *finding, gboolean is_good, char *text)
{
    finding->is_good = is_good;
    finding->text = text;
}

static double find_rate(const WatchProgress *progress)
{
    const double seconds = (double)(progress->last_time - progress->first_time) / G_USEC_PER_SEC;

    if (progress->fps_n > 0)
        return (double)progress->fps_n / progress->fps_d;
    return seconds > 0 ? (double)(progress->frames - 1) / seconds : 0;
}

/* "H.264, 1920x1080, 25 fps: normal 0.98". The label is the most frequent one, its score the last.
 */
static char *describe(const Finding *finding)
{
    const WatchProgress *progress = &finding->progress;
    WatchCounts *counts = watch_camera_counts(finding->camera);
    GString *text = g_string_new(NULL);
    const double rate = find_rate(progress);

    if (*progress->codec)
        g_string_append_printf(text, "%s, ", progress->codec);
    g_string_append_printf(text, "%dx%d", progress->width, progress->height);
    if (rate > 0)
        g_string_append_printf(text, ", %.3g fps", rate);
    g_mutex_lock(&counts->lock);
    if (counts->last_result) {
        guint count;
        const GstConvnextClass *classes =
            gst_convnext_result_get_classes(counts->last_result, &count);

        if (count > 0)
            g_string_append_printf(text, ": %s %.2f", classes[0].label ? classes[0].label : "class",
                                   (double)classes[0].score);
    }
    g_mutex_unlock(&counts->lock);
    return g_string_free(text, FALSE);
}

static guint64 count_results(WatchCamera *camera)
{
    WatchCounts *counts = watch_camera_counts(camera);

    g_mutex_lock(&counts->lock);
    const guint64 results = counts->results;
    g_mutex_unlock(&counts->lock);
    return results;
}

/* Sets the finding if there is enough to say. */
static void look(Finding *finding)
{
    WatchCamera *camera = finding->camera;
    gint64 time;

    watch_camera_tick(camera);
    watch_camera_progress(camera, &finding->progress);
    time = g_get_monotonic_time() - finding->progress.first_time;
    if (watch_camera_cause(camera))
        set_finding(finding, FALSE, g_strdup(watch_camera_cause(camera)));
    else if (watch_camera_state(camera) == WATCH_ENDED && finding->progress.frames == 0)
        set_finding(finding, FALSE, g_strdup("it has no video frame"));
    else if (watch_camera_state(camera) == WATCH_ENDED ||
             (finding->progress.frames > 0 && time > LOOK_US && count_results(camera) > 0))
        set_finding(finding, TRUE, describe(finding));
    else if (finding->progress.frames > 0 && time > RESULT_US)
        set_finding(finding, FALSE, g_strdup("its frames get no result"));
}

static gboolean on_quit_timeout(gpointer data)
{
    Check *check = data;

    check->timeout = 0;
    g_main_loop_quit(check->loop);
    return G_SOURCE_REMOVE;
}

/* Whether a part of the camera still needs its frames. */
static gboolean is_needed(const Check *check, const WatchCamera *camera)
{
    for (guint i = 0; i < check->count; i++) {
        const Finding *part = &check->findings[i];

        if (!part->text && part->camera && watch_camera_owner(part->camera) == camera)
            return TRUE;
    }
    return FALSE;
}

static void stop_checked(Check *check)
{
    for (guint i = 0; i < check->count; i++) {
        Finding *finding = &check->findings[i];

        if (!finding->text || !finding->camera || finding->is_stopped ||
            is_needed(check, finding->camera))
            continue;
        finding->is_stopped = TRUE;
        watch_camera_stop(finding->camera);
    }
}

static gboolean on_tick(gpointer data)
{
    Check *check = data;
    gboolean all_done = TRUE;

    for (guint i = 0; i < check->count; i++) {
        Finding *finding = &check->findings[i];

        if (finding->text) { /* a camera whose parts are not checked yet */
            if (finding->camera && !finding->is_stopped)
                watch_camera_tick(finding->camera);
            continue;
        }
        look(finding);
        all_done &= finding->text != NULL;
    }
    stop_checked(check);
    if (all_done && check->running == 0)
        g_main_loop_quit(check->loop);
    else if (all_done && !check->timeout)
        check->timeout = g_timeout_add(QUIT_MS, on_quit_timeout, check);
    return G_SOURCE_CONTINUE;
}

/* Hooks of the cameras. A file's connection ends with it. */

static void on_changed(WatchCamera *camera, const char *detail, gpointer data)
{
    Check *check = data;

    for (guint i = 0; i < check->count; i++) {
        if (check->findings[i].camera == camera)
            watch_camera_progress(camera, &check->findings[i].progress);
    }
}

static void on_stopped(WatchCamera *camera, gpointer data)
{
    ((Check *)data)->running--;
}

static const WatchHooks hooks = {.changed = on_changed, .stopped = on_stopped};

static WatchCamera *find_owner(const Check *check, const WatchList *list, const char *name)
{
    for (guint i = 0; name && i < check->count; i++) {
        const WatchSettings *settings = list->cameras->pdata[i];

        if (strcmp(settings->name, name) == 0)
            return check->findings[i].camera;
    }
    return NULL;
}

static void make(Check *check, Finding *finding, WatchSettings *settings, WatchCamera *owner)
{
    g_autoptr(GError) error = NULL;

    watch_settings_silence(settings);
    finding->camera = watch_camera_new(settings, owner, &hooks, check, &error);
    if (!finding->camera) {
        set_finding(finding, FALSE, g_strdup(error->message));
        return;
    }
    check->running++;
}

static void print_finding(const char *camera, const Finding *finding)
{
    g_autofree char *name = print_clean(camera, PRINT_MAX_PART);
    g_autofree char *text = print_clean(finding->text, PRINT_MAX_PART);

    g_print("%s: %s%s\n", name, finding->is_good ? "" : "failed, ", text);
}

gboolean watch_check(const char *config, const char *const *keys, char **sources)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(WatchList) list = watch_list_new(config, keys, sources, &error);
    gboolean is_good = TRUE;
    Check check = {0};
    guint tick;

    if (!list) {
        print_error("convnext-watch", "%s", error->message);
        return FALSE;
    }
    check.loop = g_main_loop_new(NULL, FALSE);
    check.count = list->cameras->len;
    check.findings = g_new0(Finding, check.count);
    for (guint i = 0; i < check.count; i++)
        make(&check, &check.findings[i], list->cameras->pdata[i],
             find_owner(&check, list, ((WatchSettings *)list->cameras->pdata[i])->camera));
    for (guint i = check.count; i > 0; i--) { /* parts before their camera */
        if (check.findings[i - 1].camera)
            watch_camera_start(check.findings[i - 1].camera);
    }
    tick = g_timeout_add(TICK_MS, on_tick, &check);
    g_main_loop_run(check.loop);
    g_source_remove(tick);
    if (check.timeout)
        g_source_remove(check.timeout);
    for (guint i = 0; i < check.count; i++) {
        Finding *finding = &check.findings[i];
        const WatchSettings *settings = list->cameras->pdata[i];

        print_finding(settings->name, finding);
        is_good &= finding->is_good;
        g_clear_pointer(&finding->camera, watch_camera_unref);
        g_free(finding->text);
    }
    g_free(check.findings);
    g_main_loop_unref(check.loop);
    return is_good;
}
