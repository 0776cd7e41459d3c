/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/alarms/events.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "pipelines/common/print.h"

#define MAX_LINES 1000                /* that wait for the disk */
#define CLOSE_US (2 * G_USEC_PER_SEC) /* longest wait for the disk when the file is closed */

/* Reference counted: the writer, and the owner until it closes the file. */
struct WatchEvents {
    char *path;
    int fd;
    gboolean is_torn; /* the file ends in the middle of a line; the writer's */
    GMutex lock;      /* protects everything below */
    GCond changed;
    GQueue lines; /* of GString */
    gboolean is_closing, has_ended;
    guint lost; /* events since the last one that was written */
};

static void clear_events(gpointer data)
{
    WatchEvents *events = data;

    close(events->fd);
    g_free(events->path);
    g_mutex_clear(&events->lock);
    g_cond_clear(&events->changed);
}

static void unref_events(WatchEvents *events)
{
    g_atomic_rc_box_release_full(events, clear_events);
}

/* Failure and recovery are reported once each. Called with the lock. */
static void lose(WatchEvents *events, const char *cause)
{
    if (events->lost++ == 0)
        print_error("convnext-watch", "cannot write events to %s: %s; monitoring continues",
                    events->path, cause);
}

static void recover(WatchEvents *events)
{
    if (events->lost > 0)
        print_error("convnext-watch", "writing events to %s again; %u were lost", events->path,
                    events->lost);
    events->lost = 0;
}

/* The writer */

static gboolean write_all(WatchEvents *events, const char *text, gsize length)
{
    for (gsize done = 0; done < length;) {
        const gssize written = write(events->fd, text + done, length - done);

        if (written < 0 && errno != EINTR)
            return FALSE;
        if (written <= 0)
            continue;
        done += (gsize)written;
        events->is_torn = text[done - 1] != '\n';
    }
    return TRUE;
}

/* A full disk, or a pipe that is full or has no reader, does not stop monitoring. */
static gpointer run_writer(gpointer data)
{
    WatchEvents *events = data;
    GString *line;

    g_mutex_lock(&events->lock);
    for (;;) {
        while (g_queue_is_empty(&events->lines) && !events->is_closing)
            g_cond_wait(&events->changed, &events->lock);
        line = g_queue_pop_head(&events->lines);
        if (!line)
            break;
        g_mutex_unlock(&events->lock);
        const gboolean is_written = (!events->is_torn || write_all(events, "\n", 1)) &&
                                    write_all(events, line->str, line->len);
        const int cause = errno;

        g_string_free(line, TRUE);
        g_mutex_lock(&events->lock);
        if (is_written)
            recover(events);
        else
            lose(events, g_strerror(cause));
    }
    events->has_ended = TRUE;
    g_cond_broadcast(&events->changed);
    g_mutex_unlock(&events->lock);
    unref_events(events);
    return NULL;
}

/* The owner */

void watch_events_free(WatchEvents *events)
{
    const gint64 end = g_get_monotonic_time() + CLOSE_US;
    gboolean is_in_time = TRUE;

    g_mutex_lock(&events->lock);
    events->is_closing = TRUE;
    g_cond_broadcast(&events->changed);
    while (!events->has_ended && is_in_time)
        is_in_time = g_cond_wait_until(&events->changed, &events->lock, end);
    if (!events->has_ended)
        print_error("convnext-watch", "%s takes no events: the last %u are not written yet",
                    events->path, g_queue_get_length(&events->lines) + 1);
    g_mutex_unlock(&events->lock);
    unref_events(events);
}

WatchEvents *watch_events_new(const char *path, GError **error)
{
    /* O_NONBLOCK: a pipe blocks neither open() nor write(). */
    const int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0666);
    WatchEvents *events;
    GThread *writer;

    if (fd < 0) {
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
                    "cannot open the events file %s: %s", path, g_strerror(errno));
        return NULL;
    }
    events = g_atomic_rc_box_new0(WatchEvents);
    events->path = g_strdup(path);
    events->fd = fd;
    g_mutex_init(&events->lock);
    g_cond_init(&events->changed);
    g_queue_init(&events->lines);
    writer = g_thread_try_new("events", run_writer, g_atomic_rc_box_acquire(events), error);
    if (!writer) {
        unref_events(events);
        unref_events(events);
        return NULL;
    }
    g_thread_unref(writer);
    return events;
}

void watch_events_add(WatchEvents *events, const WatchEvent *event)
{
    g_autofree char *json = watch_event_to_json(event);
    GString *line = g_string_new(json);

    g_string_append_c(line, '\n');
    g_mutex_lock(&events->lock);
    if (g_queue_get_length(&events->lines) < MAX_LINES) {
        g_queue_push_tail(&events->lines, line);
        g_cond_broadcast(&events->changed);
    } else {
        g_string_free(line, TRUE);
        lose(events, "the disk takes no more lines");
    }
    g_mutex_unlock(&events->lock);
}
