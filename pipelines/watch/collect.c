/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/collect.h"

#include <errno.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "pipelines/common/classes.h"
#include "pipelines/common/print.h"
#include "pipelines/watch/alarms/event.h"
#include "pipelines/watch/camera.h"
#include "pipelines/watch/keys.h"
#include "pipelines/watch/list.h"
#include "pipelines/watch/pictures/folder.h"
#include "pipelines/watch/pictures/pictures.h"
#include "pipelines/watch/report.h"

#define PROGRAM "convnext-watch"
#define TICK_MS 50
#define PICTURE_US (2 * G_USEC_PER_SEC)        /* longest wait for a picture */
#define FIRST_PICTURE_US (10 * G_USEC_PER_SEC) /* likewise, from the first frame on */
#define QUIT_MS 5000 /* how long to wait for a camera that does not stop */

typedef struct Collector {
    GMainLoop *loop;
    const WatchCollection *collection;
    char *folder; /* of the label */
    gint64 every; /* microseconds */
    WatchCamera *camera;
    WatchCamera *owner; /* of a part; else NULL */
    WatchPictures *pictures;
    gboolean is_waiting; /* for a picture */
    gint64 next_time;    /* of the next picture, monotonic microseconds */
    guint taken;
    guint timeout; /* event source, or 0 */
    gboolean is_quitting, is_stopped, has_failed;
} Collector;

/* What is printed */

/* "12 pictures of door in gate/open". The caller frees it. */
static char *describe(const Collector *self)
{
    g_autofree char *camera = print_clean(self->collection->camera, PRINT_MAX_PART);
    g_autofree char *folder = print_clean(self->folder, PRINT_MAX_PART);

    return g_strdup_printf("%u picture%s of %s in %s", self->taken, self->taken == 1 ? "" : "s",
                           camera, folder);
}

static void clear_progress(void)
{
    if (isatty(STDERR_FILENO))
        g_printerr("\r\033[K");
}

static void show_progress(const Collector *self)
{
    g_autofree char *text = describe(self);

    clear_progress();
    if (isatty(STDERR_FILENO))
        g_printerr("%s", text);
}

/* Stopping */

static gboolean on_quit_timeout(gpointer data)
{
    Collector *self = data;

    self->timeout = 0;
    g_main_loop_quit(self->loop);
    return G_SOURCE_REMOVE;
}

static void quit(Collector *self)
{
    if (self->is_quitting)
        return;
    self->is_quitting = TRUE;
    self->timeout = g_timeout_add(QUIT_MS, on_quit_timeout, self);
    watch_camera_stop(self->camera);
    if (self->owner)
        watch_camera_stop(self->owner);
}

static void fail(Collector *self, const char *what, const char *cause)
{
    clear_progress();
    print_error(PROGRAM, "%s: %s", what, cause);
    self->has_failed = TRUE;
    quit(self);
}

/* A second signal quits at once. */
static gboolean on_interrupt(gpointer data)
{
    Collector *self = data;

    if (self->is_quitting)
        g_main_loop_quit(self->loop);
    quit(self);
    return G_SOURCE_CONTINUE;
}

/* Pictures */

static gboolean write_picture(const Collector *self, const WatchPicture *picture, GError **error)
{
    g_autofree char *time = watch_event_format_time(picture->time);
    g_autofree char *name = watch_folder_name(self->collection->camera, time ? time : "", NULL);
    g_autofree char *path = g_build_filename(self->folder, name, NULL);
    gsize size;
    const char *bytes = g_bytes_get_data(picture->jpeg, &size);

    return g_file_set_contents(path, bytes, (gssize)size, error); /* in one step */
}

static void on_picture(WatchPicture *picture, gpointer data)
{
    Collector *self = data;
    const WatchCollection *collection = self->collection;
    g_autoptr(GError) error = NULL;

    self->is_waiting = FALSE;
    if (self->is_quitting)
        return;
    if (!picture) { /* the next tick asks again */
        self->next_time = 0;
        return;
    }
    if (!write_picture(self, picture, &error)) {
        fail(self, "cannot write a picture", error->message);
        return;
    }
    self->taken++;
    show_progress(self);
    if (collection->count > 0 && self->taken == (guint)collection->count)
        quit(self);
}

static void ask(Collector *self)
{
    const gint64 now = g_get_monotonic_time();

    if (self->is_waiting || now < self->next_time)
        return;
    self->is_waiting = TRUE;
    self->next_time = now + self->every;
    watch_pictures_get(self->pictures, self->camera, 0, on_picture, self);
}

/* The camera */

static gboolean has_no_picture(const Collector *self)
{
    WatchProgress progress;

    return watch_camera_progress(self->camera, &progress) && progress.frames > 0 &&
           g_get_monotonic_time() - progress.first_time > FIRST_PICTURE_US;
}

static gboolean on_tick(gpointer data)
{
    Collector *self = data;
    const char *camera = self->collection->camera, *cause;
    WatchState state;

    if (self->is_stopped)
        g_main_loop_quit(self->loop);
    if (self->is_quitting)
        return G_SOURCE_CONTINUE;
    if (self->owner)
        watch_camera_tick(self->owner);
    watch_camera_tick(self->camera);
    cause = watch_camera_cause(self->camera);
    state = watch_camera_state(self->camera);
    if (self->taken == 0 && cause)
        fail(self, camera, cause);
    else if (state == WATCH_ENDED || state == WATCH_FAILED)
        fail(self, camera, "its video has ended");
    else if (self->taken == 0 && has_no_picture(self))
        fail(self, camera, "its frames give no picture");
    else
        ask(self);
    return G_SOURCE_CONTINUE;
}

static void on_changed(WatchCamera *camera, const char *detail, gpointer data)
{
    Collector *self = data;

    if (camera == self->owner)
        return;
    if (self->taken > 0 && !self->is_quitting) {
        clear_progress();
        watch_report_camera(camera, detail);
    }
    watch_pictures_camera_changed(self->pictures, camera);
}

static void on_stopped(WatchCamera *camera, gpointer data)
{
    Collector *self = data;

    self->is_stopped |= camera == self->camera;
}

static const WatchHooks hooks = {.changed = on_changed, .stopped = on_stopped};

/* The command line */

static gboolean refuse(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static gboolean refuse(GError **error, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, text);
    return FALSE;
}

/* convnext-teach leaves out hidden folders, and files with a control character in their path. */
static gboolean check_names(const WatchCollection *collection, GError **error)
{
    if (!classes_check_label(collection->label, error)) {
        g_prefix_error(error, "--label: ");
        return FALSE;
    }
    if (*collection->label == '.' || strchr(collection->label, '/'))
        return refuse(error,
                      "--label is '%s', expected the name of a folder, without slashes and without "
                      "a dot at its beginning",
                      collection->label);
    if (!*collection->folder || strpbrk(collection->folder, "\t\r\n"))
        return refuse(error, "--out is '%s', expected a folder without control characters",
                      collection->folder);
    return TRUE;
}

static gboolean read_times(Collector *self, GError **error)
{
    const WatchCollection *collection = self->collection;
    const double seconds = collection->every ? watch_keys_parse_time(collection->every) : 1;

    if (!(seconds >= 0.1 && seconds <= 86400))
        return refuse(error,
                      "--every is '%s', expected a time from 0.1s to 24h, such as 1s or 10min",
                      collection->every);
    if (collection->count < 0)
        return refuse(error, "--count is %d, expected 1 or more, or 0 for no end",
                      collection->count);
    self->every = (gint64)(seconds * G_USEC_PER_SEC);
    return TRUE;
}

/* NULL with an error that names the cameras there are. */
static WatchSettings *find_camera(const WatchList *list, const char *name, GError **error)
{
    g_autoptr(GString) names = g_string_new(NULL);

    for (guint i = 0; i < list->cameras->len; i++) {
        WatchSettings *settings = list->cameras->pdata[i];

        if (strcmp(settings->name, name) == 0)
            return settings;
        g_string_append_printf(names, "%s%s", i ? ", " : "", settings->name);
    }
    refuse(error, "--collect: no camera is named '%s', expected one of: %s", name, names->str);
    return NULL;
}

static gboolean open_camera(Collector *self, const WatchList *list, GError **error)
{
    WatchSettings *settings = find_camera(list, self->collection->camera, error);

    if (!settings)
        return FALSE;
    if (settings->kind == WATCH_FILE)
        return refuse(error, "--collect: %s is a file, expected a live camera", settings->name);
    for (guint i = 0; i < settings->properties->len; i += 2) {
        if (strcmp(settings->properties->pdata[i], "orientation") == 0)
            print_error(PROGRAM, "%s: the pictures are not turned by its orientation",
                        settings->name);
    }
    if (settings->camera) {
        WatchSettings *camera = find_camera(list, settings->camera, error);

        watch_settings_silence(camera);
        self->owner = watch_camera_new(camera, NULL, &hooks, self, error);
        if (!self->owner)
            return FALSE;
    }
    watch_settings_silence(settings);
    self->camera = watch_camera_new(settings, self->owner, &hooks, self, error);
    return self->camera != NULL;
}

static gboolean make_folder(const Collector *self, GError **error)
{
    if (g_mkdir_with_parents(self->folder, 0777) == 0 && g_access(self->folder, W_OK | X_OK) == 0)
        return TRUE;
    return refuse(error, "--out: cannot write to the folder %s: %s", self->folder,
                  g_strerror(errno));
}

/* Running */

static void run_loop(Collector *self)
{
    guint sources[3];

    self->loop = g_main_loop_new(NULL, FALSE);
    self->pictures = watch_pictures_new(WATCH_PICTURES_TO_LEARN, PICTURE_US);
    watch_camera_start(self->camera);
    if (self->owner)
        watch_camera_start(self->owner);
    sources[0] = g_unix_signal_add(SIGINT, on_interrupt, self);
    sources[1] = g_unix_signal_add(SIGTERM, on_interrupt, self);
    sources[2] = g_timeout_add(TICK_MS, on_tick, self);
    g_main_loop_run(self->loop);
    for (guint i = 0; i < G_N_ELEMENTS(sources); i++)
        g_source_remove(sources[i]);
    if (self->timeout)
        g_source_remove(self->timeout);
    self->is_quitting = TRUE;
    watch_pictures_free(self->pictures);
    g_main_loop_unref(self->loop);
}

/* Without a picture, removes the folder if it was made for it. */
static void finish(const Collector *self, gboolean is_new)
{
    g_autofree char *text = describe(self);

    clear_progress();
    if (self->taken > 0)
        g_print("%s\n", text);
    else if (!self->has_failed)
        print_error(PROGRAM, "%s: stopped before the first picture", self->collection->camera);
    if (self->taken == 0 && is_new)
        g_rmdir(self->folder);
}

gboolean watch_collect(const WatchCollection *collection, const char *config,
                       const char *const *keys, char **sources)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(WatchList) list = NULL;
    Collector self = {.collection = collection};
    gboolean is_new, is_ready;

    is_ready = check_names(collection, &error) && read_times(&self, &error) &&
               (list = watch_list_new(config, keys, sources, &error)) &&
               open_camera(&self, list, &error);
    self.folder = g_build_filename(collection->folder, collection->label, NULL);
    is_new = !g_file_test(self.folder, G_FILE_TEST_EXISTS);
    if (is_ready && make_folder(&self, &error)) {
        run_loop(&self);
        finish(&self, is_new);
    } else {
        print_error(PROGRAM, "%s", error->message);
        self.has_failed = TRUE;
    }
    g_clear_pointer(&self.camera, watch_camera_unref);
    g_clear_pointer(&self.owner, watch_camera_unref);
    g_free(self.folder);
    return !self.has_failed && self.taken > 0;
}
