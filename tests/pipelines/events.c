/* The lines of an events file are JSON, whatever the events contain, and a disk that hangs holds up
 * nothing.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/alarms/events.h"

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

/* The line that a file has after this event. */
static JsonNode *write_event(WatchEvent *event)
{
    g_autofree char *path = NULL, *line = NULL;
    g_autoptr(GError) error = NULL;

    g_close(g_file_open_tmp("events-XXXXXX", &path, &error), NULL);
    g_assert_no_error(error);
    WatchEvents *events = watch_events_new(path, &error);
    g_assert_no_error(error);
    watch_events_add(events, event);
    watch_events_free(events); /* writes all lines first */
    watch_event_unref(event);
    g_assert_true(g_file_get_contents(path, &line, NULL, NULL));
    g_remove(path);
    g_test_message("%s", line);
    g_assert_true(strchr(line, '\n') == line + strlen(line) - 1);
    JsonNode *node = json_from_string(line, &error);
    g_assert_no_error(error);
    return node;
}

static void test_members(void)
{
    WatchEvent *event = watch_event_new("frozen", "do\"or\n", 1000000250000);
    g_autoptr(JsonNode) node = NULL;

    watch_event_add_text(event, "state", "begin");
    watch_event_add_text(event, "detail", NULL);
    watch_event_add_integer(event, "pts", G_MAXINT64);
    watch_event_add_number(event, "seconds", 90.5);
    node = write_event(event);
    JsonObject *object = json_node_get_object(node);
    g_assert_cmpstr(json_object_get_string_member(object, "event"), ==, "frozen");
    g_assert_cmpstr(json_object_get_string_member(object, "camera"), ==, "do\"or?");
    g_assert_cmpstr(json_object_get_string_member(object, "time"), ==,
                    "1970-01-12T13:46:40.250000Z");
    g_assert_cmpstr(json_object_get_string_member(object, "state"), ==, "begin");
    g_assert_false(json_object_has_member(object, "detail"));
    g_assert_cmpint(json_object_get_int_member(object, "pts"), ==, G_MAXINT64);
    g_assert_cmpfloat(json_object_get_double_member(object, "seconds"), ==, 90.5);
}

static void test_not_finite(void)
{
    const double scores[] = {NAN, INFINITY, -INFINITY};

    for (guint i = 0; i < G_N_ELEMENTS(scores); i++) {
        WatchEvent *event = watch_event_new("state", "door", 0);
        g_autoptr(JsonNode) node = NULL;

        watch_event_add_number(event, "score", scores[i]);
        node = write_event(event);
        g_assert_true(
            json_node_is_null(json_object_get_member(json_node_get_object(node), "score")));
    }
}

/* A disk that hangs: write() returns when the test opens the gate. The linker puts this function in
 * its place. */
static GMutex gate;

ssize_t __wrap_write(int fd, const void *data, size_t size);
ssize_t __real_write(int fd, const void *data, size_t size);

ssize_t __wrap_write(int fd, const void *data, size_t size)
{
    g_mutex_lock(&gate);
    g_mutex_unlock(&gate);
    return __real_write(fd, data, size);
}

static guint count_lines(const char *path)
{
    g_autofree char *text = NULL;
    guint lines = 0;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    for (const char *c = text; (c = strchr(c, '\n')); c++)
        lines++;
    return lines;
}

/* No event waits for the disk, no more than a thousand lines take memory, and closing ends. The
 * line that is being written may be one of the thousand or not. */
static void test_hung_disk(void)
{
    WatchEvent *event = watch_event_new("state", "door", 0);
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;
    guint lines;

    g_close(g_file_open_tmp("events-XXXXXX", &path, &error), NULL);
    g_assert_no_error(error);
    WatchEvents *events = watch_events_new(path, &error);
    g_assert_no_error(error);
    g_mutex_lock(&gate);
    for (guint i = 0; i < 5000; i++)
        watch_events_add(events, event);
    watch_events_free(events);
    g_assert_cmpuint(count_lines(path), ==, 0);
    g_mutex_unlock(&gate);
    do {
        g_usleep(10000);
        lines = count_lines(path);
    } while (lines < 1000);
    g_usleep(100000); /* any more would follow at once */
    g_assert_cmpuint(count_lines(path), <=, 1001);
    g_remove(path);
    watch_event_unref(event);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/events/members", test_members);
    g_test_add_func("/events/not-finite", test_not_finite);
    g_test_add_func("/events/hung-disk", test_hung_disk);
    return g_test_run();
}
