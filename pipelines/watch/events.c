/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/events.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <json-glib/json-glib.h>

struct WatchEvents {
    char *path;
    int fd;
    GThreadPool *writer; /* one thread */
    guint lost;          /* events since the last one that was written; of the writer */
    gboolean torn;       /* the file ends within a line; of the writer */
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
        events->torn = text[done - 1] != '\n';
    }
    return TRUE;
}

/* A full disk, or a pipe that is full or not read any more, does not end watching. It is told once,
 * and so is its end. */
static void write_line(gpointer data, gpointer user_data)
{
    WatchEvents *events = user_data;
    GString *line = data;

    if ((events->torn && !write_all(events, "\n", 1)) || !write_all(events, line->str, line->len)) {
        if (events->lost++ == 0)
            g_printerr("convnext-watch: cannot write events to %s: %s; watching goes on\n",
                       events->path, g_strerror(errno));
    } else if (events->lost > 0) {
        g_printerr("convnext-watch: events are written to %s again; %u were lost\n", events->path,
                   events->lost);
        events->lost = 0;
    }
    g_string_free(line, TRUE);
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
    /* Of a pipe, neither opening nor writing waits for its reader. */
    const int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0666);
    WatchEvents *events;

    if (fd < 0) {
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
                    "cannot open %s for events: %s", path, g_strerror(errno));
        return NULL;
    }
    events = g_new0(WatchEvents, 1);
    events->path = g_strdup(path);
    events->fd = fd;
    /* Exclusive: one thread and always the same, whose the state above is. */
    events->writer = g_thread_pool_new(write_line, events, 1, TRUE, error);
    if (g_thread_pool_get_num_threads(events->writer) == 0) {
        watch_events_free(events);
        return NULL;
    }
    return events;
}

static void add(JsonBuilder *builder, const char *name, const char *value)
{
    char *valid;

    if (!value)
        return;
    valid = g_utf8_make_valid(value, -1);
    json_builder_set_member_name(builder, name);
    json_builder_add_string_value(builder, valid);
    g_free(valid);
}

static JsonBuilder *begin(WatchCamera *camera, const char *event)
{
    JsonBuilder *builder = json_builder_new();
    GDateTime *now = g_date_time_new_now_utc();
    char *time = g_date_time_format(now, "%Y-%m-%dT%H:%M:%S.%fZ");

    json_builder_begin_object(builder);
    add(builder, "time", time);
    add(builder, "stream", watch_camera_settings(camera)->name);
    add(builder, "event", event);
    g_free(time);
    g_date_time_unref(now);
    return builder;
}

static void end(WatchEvents *events, JsonBuilder *builder)
{
    JsonNode *root;
    char *json;
    GString *line;

    json_builder_end_object(builder);
    root = json_builder_get_root(builder);
    json = json_to_string(root, FALSE);
    line = g_string_new(json);
    g_string_append_c(line, '\n');
    g_thread_pool_push(events->writer, line, NULL);
    g_free(json);
    json_node_unref(root);
    g_object_unref(builder);
}

void watch_events_camera(WatchEvents *events, WatchCamera *camera, const char *detail)
{
    JsonBuilder *builder = begin(camera, "camera");

    add(builder, "state", watch_state_name(watch_camera_state(camera)));
    add(builder, "detail", detail);
    end(events, builder);
}

void watch_events_state(WatchEvents *events, WatchCamera *camera, const GstStructure *what)
{
    JsonBuilder *builder = begin(camera, "state");
    double score;

    add(builder, "old", gst_structure_get_string(what, "old"));
    add(builder, "new", gst_structure_get_string(what, "new"));
    if (gst_structure_get_double(what, "score", &score)) {
        json_builder_set_member_name(builder, "score");
        json_builder_add_double_value(builder, score);
    }
    end(events, builder);
}
