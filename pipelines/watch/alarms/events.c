/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/alarms/events.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "pipelines/common/print.h"

struct WatchEvents {
    char *path;
    int fd;
    GThreadPool *writer; /* one thread, the only user of the members below */
    guint lost;          /* events since the last one that was written */
    gboolean is_torn;    /* the file ends in the middle of a line */
};

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

/* A full disk, or a pipe that is full or has no reader, does not stop monitoring. Failure and
 * recovery are reported once each. */
static void write_line(gpointer data, gpointer user_data)
{
    WatchEvents *events = user_data;
    g_autoptr(GString) line = data;

    if ((events->is_torn && !write_all(events, "\n", 1)) ||
        !write_all(events, line->str, line->len)) {
        if (events->lost++ == 0)
            print_error("convnext-watch", "cannot write events to %s: %s; monitoring continues",
                        events->path, g_strerror(errno));
    } else if (events->lost > 0) {
        print_error("convnext-watch", "writing events to %s again; %u were lost", events->path,
                    events->lost);
        events->lost = 0;
    }
}

void watch_events_free(WatchEvents *events)
{
    g_thread_pool_free(events->writer, FALSE, TRUE);
    close(events->fd);
    g_free(events->path);
    g_free(events);
}

WatchEvents *watch_events_new(const char *path, GError **error)
{
    /* O_NONBLOCK: a pipe blocks neither open() nor write(). */
    const int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0666);
    WatchEvents *events;

    if (fd < 0) {
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
                    "cannot open the events file %s: %s", path, g_strerror(errno));
        return NULL;
    }
    events = g_new0(WatchEvents, 1);
    events->path = g_strdup(path);
    events->fd = fd;
    /* An exclusive pool keeps its thread, which owns the writer's state. */
    events->writer = g_thread_pool_new(write_line, events, 1, TRUE, error);
    if (g_thread_pool_get_num_threads(events->writer) == 0) {
        watch_events_free(events);
        return NULL;
    }
    return events;
}

void watch_events_add(WatchEvents *events, const WatchEvent *event)
{
    g_autofree char *json = watch_event_to_json(event);
    GString *line = g_string_new(json);

    g_string_append_c(line, '\n');
    g_thread_pool_push(events->writer, line, NULL);
}
