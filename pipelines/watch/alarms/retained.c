/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/alarms/retained.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#include "pipelines/common/print.h"
#include "pipelines/watch/alarms/discovery.h"
#include "pipelines/watch/alarms/mqtt.h"

#define MAX_STATE 250              /* Home Assistant takes 255 characters */
#define MAX_SNAPSHOT (1024 * 1024) /* bytes */

typedef struct Retained {
    char *name;            /* of the camera */
    char *owner;           /* of a part, the name of its camera; else NULL */
    char *topic;           /* PREFIX/CAMERA */
    guint round;           /* of watch_retained_update() in which the camera was in the list */
    gboolean is_too_large; /* its last snapshot, which was reported */
} Retained;

struct WatchRetained {
    WatchBroker *broker; /* or NULL */
    WatchMqtt *mqtt;     /* NULL without broker */
    GHashTable *cameras; /* name -> Retained */
    GHashTable *outages; /* name -> seconds of the last outage, a double */
    guint round;
};

static void free_camera(gpointer data)
{
    Retained *camera = data;

    g_free(camera->name);
    g_free(camera->owner);
    g_free(camera->topic);
    g_free(camera);
}

WatchRetained *watch_retained_new(void)
{
    WatchRetained *retained = g_new0(WatchRetained, 1);

    retained->cameras = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_camera);
    retained->outages = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return retained;
}

/* Publishing */

static void set(WatchRetained *retained, const Retained *camera, const char *level,
                const char *payload)
{
    g_autofree char *topic = g_strconcat(camera->topic, "/", level, NULL);

    watch_mqtt_set(retained->mqtt, topic, payload);
}

static void set_discovery(WatchRetained *retained, const Retained *camera, gboolean is_there)
{
    const WatchBroker *broker = retained->broker;

    for (guint i = 0; broker->discovery && i < WATCH_DISCOVERY_ENTITIES; i++) {
        g_autofree char *topic =
            watch_discovery_topic(broker->discovery, broker->prefix, camera->name, i);
        g_autofree char *payload =
            is_there ? watch_discovery_payload(broker->prefix, camera->name, camera->owner, i)
                     : g_strdup("");

        watch_mqtt_set(retained->mqtt, topic, payload);
    }
}

static void add_text(JsonObject *json, const char *key, const char *value)
{
    g_autofree char *clean = value ? print_clean(value, PRINT_MAX_LINE) : NULL;

    if (clean)
        json_object_set_string_member(json, key, clean);
}

static void add_time(JsonObject *json, const char *key, gint64 time)
{
    g_autofree char *text = watch_event_format_time(time);

    add_text(json, key, text);
}

/* Of the label, and of the camera's absence or the last one. */
static char *make_attributes(const WatchRetained *retained, WatchCamera *camera,
                             const WatchAlarm *alarm)
{
    const char *name = watch_camera_settings(camera)->name;
    const double *outage = g_hash_table_lookup(retained->outages, name);
    const double score = watch_alarm_score(alarm);
    g_autoptr(JsonObject) json = json_object_new();
    g_autoptr(JsonNode) root = json_node_init_object(json_node_alloc(), json);

    add_text(json, "camera", name);
    if (watch_alarm_label(alarm)) {
        add_text(json, "label", watch_alarm_label(alarm));
        if (isfinite(score))
            json_object_set_double_member(json, "score", score);
        add_time(json, "since", watch_alarm_since(alarm));
    }
    if (watch_camera_settings(camera)->baseline > 0)
        json_object_set_boolean_member(json, "moved", watch_alarm_is_moved(alarm));
    if (!watch_alarm_is_online(alarm)) {
        add_text(json, "cause",
                 watch_alarm_cause(alarm) ? watch_alarm_cause(alarm) : watch_camera_cause(camera));
        add_time(json, "offline-since", watch_alarm_offline_since(alarm));
    } else if (outage) {
        json_object_set_double_member(json, "outage", *outage);
    }
    return json_to_string(root, FALSE);
}

static void set_states(WatchRetained *retained, const Retained *entry, WatchCamera *camera,
                       const WatchAlarm *alarm)
{
    const char *label = watch_alarm_label(alarm);
    g_autofree char *state = print_clean(label ? label : "None", MAX_STATE);
    g_autofree char *attributes = make_attributes(retained, camera, alarm);

    set(retained, entry, "availability", watch_alarm_is_online(alarm) ? "online" : "offline");
    set(retained, entry, "state", state);
    set(retained, entry, "problem", watch_alarm_has_problem(alarm) ? "ON" : "OFF");
    set(retained, entry, "attributes", attributes);
}

static Retained *find_camera(WatchRetained *retained, const WatchSettings *settings)
{
    Retained *camera = g_hash_table_lookup(retained->cameras, settings->name);

    if (camera)
        return camera;
    camera = g_new0(Retained, 1);
    camera->name = g_strdup(settings->name);
    camera->owner = g_strdup(settings->camera);
    camera->topic =
        watch_discovery_camera_topic(retained->broker->prefix, settings->name, settings->camera);
    g_hash_table_insert(retained->cameras, camera->name, camera);
    set_discovery(retained, camera, TRUE);
    return camera;
}

/* Removes what the camera retains if it is not in the list. */
static gboolean remove_missing(gpointer name, gpointer value, gpointer data)
{
    static const char *const levels[] = {"availability", "state", "problem", "attributes",
                                         "snapshot"};
    WatchRetained *retained = data;
    const Retained *camera = value;

    if (camera->round == retained->round)
        return FALSE;
    set_discovery(retained, camera, FALSE);
    for (guint i = 0; i < G_N_ELEMENTS(levels); i++)
        set(retained, camera, levels[i], "");
    g_hash_table_remove(retained->outages, name);
    return TRUE;
}

void watch_retained_update(WatchRetained *retained, GPtrArray *cameras, WatchAlarms *alarms)
{
    if (!retained->mqtt)
        return;
    retained->round++;
    for (guint i = 0; i < cameras->len; i++) {
        WatchCamera *camera = cameras->pdata[i];
        Retained *entry = find_camera(retained, watch_camera_settings(camera));

        entry->round = retained->round;
        set_states(retained, entry, camera, watch_alarms_find(alarms, camera));
    }
    g_hash_table_foreach_remove(retained->cameras, remove_missing, retained);
}

void watch_retained_add(WatchRetained *retained, const WatchEvent *event)
{
    const double outage = watch_event_number(event, "outage");

    if (strcmp(watch_event_name(event), "camera-back") == 0)
        g_hash_table_insert(retained->outages, g_strdup(watch_event_camera(event)),
                            g_memdup2(&outage, sizeof(outage)));
}

void watch_retained_set_snapshot(WatchRetained *retained, const WatchSettings *camera, GBytes *jpeg)
{
    g_autoptr(GBytes) empty = g_bytes_new(NULL, 0);
    const gsize size = g_bytes_get_size(jpeg);
    g_autofree char *topic = NULL;
    Retained *entry;

    if (!retained->mqtt)
        return;
    entry = find_camera(retained, camera);
    if (size > MAX_SNAPSHOT && !entry->is_too_large)
        print_error("convnext-watch",
                    "%s: its snapshot of %" G_GSIZE_FORMAT " bytes is not published, expected at "
                    "most %d: set a smaller snapshot-width",
                    camera->name, size, MAX_SNAPSHOT);
    entry->is_too_large = size > MAX_SNAPSHOT;
    topic = g_strconcat(entry->topic, "/snapshot", NULL);
    watch_mqtt_set_bytes(retained->mqtt, topic, size > MAX_SNAPSHOT ? empty : jpeg);
}

/* Connecting */

static void disconnect(WatchRetained *retained)
{
    GHashTableIter cameras;
    gpointer camera;

    g_hash_table_iter_init(&cameras, retained->cameras);
    while (retained->mqtt && g_hash_table_iter_next(&cameras, NULL, &camera))
        set(retained, camera, "availability", "offline");
    g_clear_pointer(&retained->mqtt, watch_mqtt_free);
    g_clear_pointer(&retained->broker, watch_broker_free);
    g_hash_table_remove_all(retained->cameras);
}

void watch_retained_connect(WatchRetained *retained, const WatchBroker *broker)
{
    if (watch_broker_equal(retained->broker, broker))
        return;
    if (retained->mqtt && !watch_broker_has_same_topics(retained->broker, broker)) {
        watch_mqtt_clear(retained->mqtt);
        g_hash_table_remove_all(retained->cameras);
    }
    disconnect(retained);
    if (!broker)
        return;
    retained->broker = watch_broker_copy(broker);
    retained->mqtt = watch_mqtt_new(broker);
}

void watch_retained_free(WatchRetained *retained)
{
    disconnect(retained);
    g_hash_table_unref(retained->cameras);
    g_hash_table_unref(retained->outages);
    g_free(retained);
}
