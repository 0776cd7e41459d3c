/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch_events.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <json-glib/json-glib.h>

struct WatchEvents {
    int fd;
    GThreadPool *writer; /* one thread, so that lines keep their order */
};

static void write_line(gpointer data, gpointer user_data)
{
    const WatchEvents *events = user_data;
    GString *line = data;

    for (gsize done = 0; done < line->len;) {
        const gssize written = write(events->fd, line->str + done, line->len - done);

        if (written < 0 && errno != EINTR)
            break; /* a full disk, a reader that is gone: watching goes on */
        done += (gsize)MAX(written, 0);
    }
    g_string_free(line, TRUE);
}

WatchEvents *watch_events_new(const char *path, GError **error)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    WatchEvents *events;

    if (fd < 0) {
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
                    "cannot open %s for events: %s", path, g_strerror(errno));
        return NULL;
    }
    events = g_new0(WatchEvents, 1);
    events->fd = fd;
    events->writer = g_thread_pool_new(write_line, events, 1, FALSE, NULL);
    return events;
}

void watch_events_free(WatchEvents *events)
{
    g_thread_pool_free(events->writer, FALSE, TRUE);
    close(events->fd);
    g_free(events);
}

static JsonBuilder *begin(WatchCamera *camera, const char *event)
{
    JsonBuilder *builder = json_builder_new();
    GDateTime *now = g_date_time_new_now_utc();
    char *time = g_date_time_format(now, "%Y-%m-%dT%H:%M:%S.%fZ");

    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, "time");
    json_builder_add_string_value(builder, time);
    json_builder_set_member_name(builder, "stream");
    json_builder_add_string_value(builder, watch_camera_settings(camera)->name);
    json_builder_set_member_name(builder, "event");
    json_builder_add_string_value(builder, event);
    g_free(time);
    g_date_time_unref(now);
    return builder;
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
