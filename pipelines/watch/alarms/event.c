/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/alarms/event.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#include "pipelines/common/print.h"

struct WatchEvent {
    char *camera;
    JsonObject *members;
};

static void clear_event(gpointer data)
{
    WatchEvent *event = data;

    json_object_unref(event->members);
    g_free(event->camera);
}

WatchEvent *watch_event_new(const char *name, const char *camera, gint64 time)
{
    WatchEvent *event = g_atomic_rc_box_new0(WatchEvent);

    event->camera = g_strdup(camera);
    event->members = json_object_new();
    watch_event_add_text(event, "event", name);
    watch_event_add_text(event, "camera", camera);
    watch_event_add_time(event, "time", time);
    return event;
}

WatchEvent *watch_event_ref(WatchEvent *event)
{
    return g_atomic_rc_box_acquire(event);
}

void watch_event_unref(WatchEvent *event)
{
    g_atomic_rc_box_release_full(event, clear_event);
}

/* Members */

void watch_event_add_text(WatchEvent *event, const char *key, const char *value)
{
    g_autofree char *clean = value ? print_clean(value, PRINT_MAX_LINE) : NULL;

    if (clean)
        json_object_set_string_member(event->members, key, clean);
}

void watch_event_add_number(WatchEvent *event, const char *key, double value)
{
    if (isfinite(value))
        json_object_set_double_member(event->members, key, value);
    else
        json_object_set_null_member(event->members, key);
}

void watch_event_add_integer(WatchEvent *event, const char *key, gint64 value)
{
    json_object_set_int_member(event->members, key, value);
}

char *watch_event_format_time(gint64 time)
{
    g_autoptr(GDateTime) second = g_date_time_new_from_unix_utc(time / G_USEC_PER_SEC);
    g_autoptr(GDateTime) moment = second ? g_date_time_add(second, time % G_USEC_PER_SEC) : NULL;

    return moment ? g_date_time_format(moment, "%Y-%m-%dT%H:%M:%S.%fZ") : NULL;
}

void watch_event_add_time(WatchEvent *event, const char *key, gint64 time)
{
    g_autofree char *text = watch_event_format_time(time);

    watch_event_add_text(event, key, text);
}

gboolean watch_event_has_picture(const WatchEvent *event)
{
    static const char *const names[] = {"state",       "problem-begin", "problem-end", "frozen",
                                        "camera-back", "moved",         NULL};

    return g_strv_contains(names, watch_event_name(event));
}

const char *watch_event_text(const WatchEvent *event, const char *key)
{
    JsonNode *node = json_object_get_member(event->members, key);

    return node && json_node_get_value_type(node) == G_TYPE_STRING ? json_node_get_string(node)
                                                                   : NULL;
}

double watch_event_number(const WatchEvent *event, const char *key)
{
    JsonNode *node = json_object_get_member(event->members, key);

    return node && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_double(node) : 0;
}

const char *watch_event_name(const WatchEvent *event)
{
    return watch_event_text(event, "event");
}

const char *watch_event_camera(const WatchEvent *event)
{
    return event->camera;
}

/* Forms */

char *watch_event_to_json(const WatchEvent *event)
{
    g_autoptr(JsonNode) root = json_node_init_object(json_node_alloc(), event->members);

    return json_to_string(root, FALSE);
}

/* A time for people: "45 s", "12 min", "3.5 h". */
static char *format_seconds(double seconds)
{
    if (seconds < 120)
        return g_strdup_printf("%.0f s", seconds);
    if (seconds < 7200)
        return g_strdup_printf("%.0f min", seconds / 60);
    return g_strdup_printf("%.1f h", seconds / 3600);
}

char *watch_event_to_sentence(const WatchEvent *event)
{
    const char *name = watch_event_name(event), *label = watch_event_text(event, "label");
    const char *old = watch_event_text(event, "old"), *new = watch_event_text(event, "new");
    const char *cause = watch_event_text(event, "cause");
    const char *state = watch_event_text(event, "state");
    g_autofree char *outage = format_seconds(watch_event_number(event, "outage"));
    g_autofree char *seconds = format_seconds(watch_event_number(event, "seconds"));

    if (strcmp(name, "camera-lost") == 0)
        return g_strconcat("the camera is lost", cause ? ": " : NULL, cause, NULL);
    if (strcmp(name, "camera-back") == 0)
        return g_strdup_printf("the camera is back after %s", outage);
    if (strcmp(name, "problem-begin") == 0)
        return g_strdup_printf("the picture is %s", label);
    if (strcmp(name, "problem-end") == 0)
        return g_strdup_printf("the picture is no longer %s, after %s", label, seconds);
    if (strcmp(name, "state") == 0)
        return g_strconcat(new ? "shows " : "no known label", new ? new : "", old ? "; was " : NULL,
                           old, NULL);
    if (strcmp(name, "moved") == 0 && strcmp(state, "begin") == 0)
        return g_strdup_printf("moved, the picture has been another one for %s", seconds);
    if (strcmp(name, "moved") == 0)
        return g_strdup_printf("no longer moved, the picture is back after %s", seconds);
    if (strcmp(name, "frozen") == 0 && strcmp(state, "begin") == 0)
        return g_strdup_printf("frozen, the picture has not changed for %s", seconds);
    if (strcmp(name, "frozen") == 0)
        return g_strdup_printf("no longer frozen, the picture did not change for %s", seconds);
    return g_strdup(name);
}

/* The variable of a member: CONVNEXT_ and the key in upper case, with _ for hyphens. */
static char *variable_name(const char *key)
{
    g_autofree char *upper = g_ascii_strup(key, -1);

    return g_strconcat("CONVNEXT_", g_strdelimit(upper, "-", '_'), NULL);
}

static char **set_variable(char **environment, const char *key, const char *value)
{
    g_autofree char *name = variable_name(key);

    return g_environ_setenv(environment, name, value, TRUE);
}

char **watch_event_to_environment(const WatchEvent *event, char **environment)
{
    static const char *const optional[] = {"cause", "label",   "new",   "old",      "outage", "pts",
                                           "score", "seconds", "since", "snapshot", "state"};
    g_autofree char *sentence = watch_event_to_sentence(event);
    char **copy = g_strdupv(environment);
    JsonObjectIter members;
    const char *key;
    JsonNode *node;

    for (guint i = 0; i < G_N_ELEMENTS(optional); i++) {
        g_autofree char *name = variable_name(optional[i]);

        copy = g_environ_unsetenv(copy, name);
    }
    json_object_iter_init_ordered(&members, event->members);
    while (json_object_iter_next_ordered(&members, &key, &node)) {
        g_autofree char *json = json_to_string(node, FALSE);
        const char *text = watch_event_text(event, key);

        if (!JSON_NODE_HOLDS_NULL(node))
            copy = set_variable(copy, key, text ? text : json);
    }
    return set_variable(copy, "text", sentence);
}
