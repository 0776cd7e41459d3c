/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/web/api.h"

#include <json-glib/json-glib.h>

/* Names come from files in any encoding; JSON is UTF-8. */
static void set_text(JsonObject *object, const char *key, const char *value)
{
    g_autofree char *valid = value ? g_utf8_make_valid(value, -1) : NULL;

    if (valid)
        json_object_set_string_member(object, key, valid);
    else
        json_object_set_null_member(object, key);
}

/* time: microseconds since 1970. */
static void set_time(JsonObject *object, const char *key, gint64 time)
{
    g_autoptr(GDateTime) moment = g_date_time_new_from_unix_utc(time / G_USEC_PER_SEC);
    g_autofree char *text = moment ? g_date_time_format(moment, "%Y-%m-%dT%H:%M:%SZ") : NULL;

    set_text(object, key, text);
}

/* Seconds since the last frame. */
static void set_age(JsonObject *object, WatchCamera *camera)
{
    const gint64 time = watch_camera_last_frame_time(camera);

    if (time > 0)
        json_object_set_double_member(object, "age",
                                      (double)((g_get_monotonic_time() - time) / 1000) / 1000);
    else
        json_object_set_null_member(object, "age");
}

static void set_baseline(JsonObject *object, WatchCamera *camera)
{
    WatchVerdict verdict;

    if (watch_camera_baseline(camera, &verdict))
        json_object_set_double_member(object, "baseline", verdict.progress);
    else
        json_object_set_null_member(object, "baseline");
}

static JsonNode *make_camera(WatchCamera *camera, WatchAlarms *alarms)
{
    const WatchAlarm *alarm = watch_alarms_find(alarms, camera);
    const gboolean is_online = watch_alarm_is_online(alarm);
    const char *label = watch_alarm_label(alarm);
    const char *cause = watch_alarm_cause(alarm);
    g_autoptr(JsonObject) object = json_object_new();
    g_autoptr(JsonNode) node = json_node_alloc();

    set_text(object, "name", watch_camera_settings(camera)->name);
    set_text(object, "state", label);
    if (label) {
        json_object_set_double_member(object, "score", watch_alarm_score(alarm));
        set_time(object, "since", watch_alarm_since(alarm));
    } else {
        json_object_set_null_member(object, "score");
        json_object_set_null_member(object, "since");
    }
    json_object_set_boolean_member(object, "online", is_online);
    json_object_set_boolean_member(object, "problem", watch_alarm_has_problem(alarm));
    json_object_set_boolean_member(object, "moved", watch_alarm_is_moved(alarm));
    set_baseline(object, camera);
    set_text(object, "cause", is_online ? NULL : (cause ? cause : watch_camera_cause(camera)));
    set_age(object, camera);
    json_node_init_object(node, object);
    return g_steal_pointer(&node);
}

char *watch_api_cameras(GPtrArray *cameras, WatchAlarms *alarms)
{
    g_autoptr(JsonArray) list = json_array_new();
    g_autoptr(JsonNode) node = json_node_alloc();

    for (guint i = 0; i < cameras->len; i++)
        json_array_add_element(list, make_camera(cameras->pdata[i], alarms));
    json_node_init_array(node, list);
    return json_to_string(node, FALSE);
}

char *watch_api_camera(WatchCamera *camera, WatchAlarms *alarms, const char *events)
{
    g_autoptr(JsonNode) node = make_camera(camera, alarms);
    g_autofree char *text = json_to_string(node, FALSE);

    return g_strdup_printf("{\"camera\":%s,\"events\":%s}", text, events);
}

static gboolean is_tried(WatchCamera *camera)
{
    const WatchState state = watch_camera_state(camera);

    return watch_camera_failures(camera) > 0 ||
           (state != WATCH_CONNECTING && state != WATCH_WAITING);
}

char *watch_api_ready(GPtrArray *cameras, gboolean *is_ready)
{
    g_autoptr(JsonObject) object = json_object_new();
    JsonArray *waiting = json_array_new();
    g_autoptr(JsonNode) node = json_node_alloc();

    for (guint i = 0; i < cameras->len; i++) {
        const char *name = watch_camera_settings(cameras->pdata[i])->name;
        g_autofree char *valid = g_utf8_make_valid(name, -1);

        if (!is_tried(cameras->pdata[i]))
            json_array_add_string_element(waiting, valid);
    }
    *is_ready = json_array_get_length(waiting) == 0;
    json_object_set_boolean_member(object, "ready", *is_ready);
    json_object_set_array_member(object, "waiting", waiting);
    json_node_init_object(node, object);
    return json_to_string(node, FALSE);
}
