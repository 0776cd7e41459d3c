/* The lines of an events file are JSON, whatever the messages contain.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/alarms/events.h"

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <math.h>

/* The parts of a camera that events read */

static char name[] = "door";
static const WatchSettings settings = {.name = name};

const WatchSettings *watch_camera_settings(const WatchCamera *camera)
{
    return &settings;
}

WatchState watch_camera_state(const WatchCamera *camera)
{
    return WATCH_PLAYING;
}

const char *watch_state_name(WatchState state)
{
    return "playing";
}

/* The event of a change to "new" with this score. */
static JsonNode *write_event(double score)
{
    g_autofree char *path = NULL, *line = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GstStructure) message =
        gst_structure_new("convnext-state-changed", "new", G_TYPE_STRING, "dark", "score",
                          G_TYPE_DOUBLE, score, NULL);

    g_close(g_file_open_tmp("events-XXXXXX", &path, &error), NULL);
    g_assert_no_error(error);
    WatchEvents *events = watch_events_new(path, &error);
    g_assert_no_error(error);
    watch_events_add_label(events, NULL, message);
    watch_events_free(events); /* writes all lines first */
    g_assert_true(g_file_get_contents(path, &line, NULL, NULL));
    g_remove(path);
    g_test_message("%s", line);
    g_assert_cmpint(line[strlen(line) - 1], ==, '\n');
    g_assert_null(strstr(line, "nan"));
    g_assert_null(strstr(line, "inf"));
    JsonNode *node = json_from_string(line, &error);
    g_assert_no_error(error);
    return node;
}

static JsonNode *score_of(JsonNode *event)
{
    JsonObject *object = json_node_get_object(event);

    g_assert_cmpstr(json_object_get_string_member(object, "event"), ==, "state");
    g_assert_cmpstr(json_object_get_string_member(object, "new"), ==, "dark");
    return json_object_get_member(object, "score");
}

static void test_score(void)
{
    g_autoptr(JsonNode) event = write_event(0.25);

    g_assert_cmpfloat(json_node_get_double(score_of(event)), ==, 0.25);
    const char *time = json_object_get_string_member(json_node_get_object(event), "time");
    g_autoptr(GDateTime) parsed = g_date_time_new_from_iso8601(time, NULL);
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_assert_nonnull(parsed); /* only a time with its zone is one */
    g_assert_cmpint(ABS(g_date_time_difference(now, parsed)), <, 60 * G_TIME_SPAN_SECOND);
}

static void test_not_finite(void)
{
    const double scores[] = {NAN, INFINITY, -INFINITY};

    for (guint i = 0; i < G_N_ELEMENTS(scores); i++) {
        g_autoptr(JsonNode) event = write_event(scores[i]);

        g_assert_true(json_node_is_null(score_of(event)));
    }
}

/* The line of an event that begins or ends a freeze of 90.5 s. */
static JsonNode *write_freeze(gboolean is_frozen)
{
    const WatchFreeze freeze = {is_frozen, 1000000250000, 7, 90500 * GST_MSECOND};
    g_autofree char *path = NULL, *line = NULL;
    g_autoptr(GError) error = NULL;

    g_close(g_file_open_tmp("events-XXXXXX", &path, &error), NULL);
    g_assert_no_error(error);
    WatchEvents *events = watch_events_new(path, &error);
    g_assert_no_error(error);
    watch_events_add_freeze(events, NULL, &freeze);
    watch_events_free(events);
    g_assert_true(g_file_get_contents(path, &line, NULL, NULL));
    g_remove(path);
    JsonNode *node = json_from_string(line, &error);
    g_assert_no_error(error);
    return node;
}

static void test_freeze(void)
{
    static const char *const states[] = {"end", "begin"};

    for (int is_frozen = FALSE; is_frozen <= TRUE; is_frozen++) {
        g_autoptr(JsonNode) event = write_freeze(is_frozen);
        JsonObject *object = json_node_get_object(event);

        g_assert_cmpstr(json_object_get_string_member(object, "event"), ==, "frozen");
        g_assert_cmpstr(json_object_get_string_member(object, "state"), ==, states[is_frozen]);
        g_assert_cmpstr(json_object_get_string_member(object, "since"), ==,
                        "1970-01-12T13:46:40.250000Z");
        g_assert_cmpint(json_object_get_int_member(object, "pts"), ==, 7);
        g_assert_cmpfloat(json_object_get_double_member(object, "seconds"), ==, 90.5);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    gst_init(&argc, &argv);
    g_test_add_func("/events/score", test_score);
    g_test_add_func("/events/not-finite", test_not_finite);
    g_test_add_func("/events/freeze", test_freeze);
    return g_test_run();
}
