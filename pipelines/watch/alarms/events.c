/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/alarms/events.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <unistd.h>

#include <json-glib/json-glib.h>

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

static void add_string(JsonBuilder *builder, const char *name, const char *value)
{
    g_autofree char *clean = value ? print_clean(value, PRINT_MAX_LINE) : NULL;

    if (!clean)
        return;
    json_builder_set_member_name(builder, name);
    json_builder_add_string_value(builder, clean);
}

/* RFC 3339, UTC. */
static void add_time(JsonBuilder *builder, const char *name, GDateTime *time)
{
    g_autofree char *text = g_date_time_format(time, "%Y-%m-%dT%H:%M:%S.%fZ");

    add_string(builder, name, text);
}

static JsonBuilder *begin_event(WatchCamera *camera, const char *event)
{
    JsonBuilder *builder = json_builder_new();
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();

    json_builder_begin_object(builder);
    add_time(builder, "time", now);
    add_string(builder, "stream", watch_camera_settings(camera)->name);
    add_string(builder, "event", event);
    return builder;
}

static void end_event(WatchEvents *events, JsonBuilder *builder)
{
    g_autoptr(JsonNode) root = NULL;
    g_autofree char *json = NULL;
    GString *line;

    json_builder_end_object(builder);
    root = json_builder_get_root(builder);
    json = json_to_string(root, FALSE);
    line = g_string_new(json);
    g_string_append_c(line, '\n');
    g_thread_pool_push(events->writer, line, NULL);
}

void watch_events_add_camera(WatchEvents *events, WatchCamera *camera, const char *detail)
{
    g_autoptr(JsonBuilder) builder = begin_event(camera, "camera");

    add_string(builder, "state", watch_state_name(watch_camera_state(camera)));
    add_string(builder, "detail", detail);
    end_event(events, builder);
}

void watch_events_add_label(WatchEvents *events, WatchCamera *camera, const GstStructure *message)
{
    g_autoptr(JsonBuilder) builder = begin_event(camera, "state");
    double score;

    add_string(builder, "old", gst_structure_get_string(message, "old"));
    add_string(builder, "new", gst_structure_get_string(message, "new"));
    if (gst_structure_get_double(message, "score", &score)) {
        json_builder_set_member_name(builder, "score");
        if (isfinite(score))
            json_builder_add_double_value(builder, score);
        else
            json_builder_add_null_value(builder); /* JSON has no NaN */
    }
    end_event(events, builder);
}

/* A file is not played at its own speed, so its frames have no time of day. */
static void add_since(JsonBuilder *builder, const WatchFreeze *freeze)
{
    g_autoptr(GDateTime) second = g_date_time_new_from_unix_utc(freeze->since / G_USEC_PER_SEC);
    g_autoptr(GDateTime) start =
        second ? g_date_time_add(second, freeze->since % G_USEC_PER_SEC) : NULL;

    if (start)
        add_time(builder, "since", start);
}

void watch_events_add_freeze(WatchEvents *events, WatchCamera *camera, const WatchFreeze *freeze)
{
    g_autoptr(JsonBuilder) builder = begin_event(camera, "frozen");

    add_string(builder, "state", freeze->is_frozen ? "begin" : "end");
    if (watch_camera_settings(camera)->kind != WATCH_FILE)
        add_since(builder, freeze);
    if (GST_CLOCK_TIME_IS_VALID(freeze->start)) {
        json_builder_set_member_name(builder, "pts");
        json_builder_add_int_value(builder, (gint64)freeze->start);
    }
    json_builder_set_member_name(builder, "seconds");
    json_builder_add_double_value(builder, (double)freeze->duration / GST_SECOND);
    end_event(events, builder);
}
