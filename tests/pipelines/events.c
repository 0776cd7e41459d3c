/* The lines of an events file are JSON, whatever the events contain.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/alarms/events.h"

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/events/members", test_members);
    g_test_add_func("/events/not-finite", test_not_finite);
    return g_test_run();
}
