/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/alarms/discovery.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "pipelines/common/print.h"
#include "pipelines/watch/parts.h"

#define PLAIN "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
#define MAX_PLAIN 64
#define MAX_KEPT 40
#define DIGITS 12
#define MAX_PREFIX 200

typedef struct Entity {
    const char *id, *component, *name;
    const char *device_class, *topic_key, *topic, *on, *off; /* class, on, off: or NULL */
    gboolean needs_camera; /* unknown while the camera is offline */
    gboolean has_attributes;
} Entity;

static const Entity entities[WATCH_DISCOVERY_ENTITIES] = {
    {"problem", "binary_sensor", "Problem", "problem", "state_topic", "problem", "ON", "OFF", TRUE,
     TRUE},
    {"connectivity", "binary_sensor", "Connectivity", "connectivity", "state_topic", "availability",
     "online", "offline", FALSE, FALSE},
    {"state", "sensor", "State", NULL, "state_topic", "state", NULL, NULL, TRUE, TRUE},
    {"image", "image", "Last event", NULL, "image_topic", "snapshot", NULL, NULL, FALSE, FALSE},
};

/* Topics */

/* Whether a name ends as if characters of it had been replaced. */
static gboolean ends_in_digits(const char *name)
{
    const gsize length = strlen(name);
    const char *end = length > DIGITS ? name + length - DIGITS : NULL;

    return end && end[-1] == '-' && strspn(end, "0123456789abcdef") == DIGITS;
}

char *watch_discovery_level(const char *name)
{
    const gsize length = strlen(name);
    g_autofree char *kept = NULL, *digest = NULL;

    if (length > 0 && length <= MAX_PLAIN && strspn(name, PLAIN) == length && !ends_in_digits(name))
        return g_strdup(name);
    kept = g_strcanon(g_strndup(name, MAX_KEPT), PLAIN, '_');
    digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, name, -1);
    return g_strdup_printf("%s-%.*s", kept, DIGITS, digest);
}

gboolean watch_discovery_is_prefix(const char *text)
{
    for (const char *c = text; *c; c++) {
        if (g_ascii_iscntrl(*c) || *c == '+' || *c == '#')
            return FALSE;
    }
    return *text && *text != '/' && *text != '$' && !g_str_has_suffix(text, "/") &&
           !strstr(text, "//") && strlen(text) <= MAX_PREFIX && g_utf8_validate(text, -1, NULL);
}

char *watch_discovery_camera_topic(const char *prefix, const char *camera, const char *owner)
{
    g_autofree char *level = watch_discovery_level(owner ? owner : camera);
    g_autofree char *part = owner ? watch_discovery_level(watch_parts_name(camera, owner)) : NULL;

    return g_strconcat(prefix, "/", level, part ? "/" : NULL, part, NULL);
}

char *watch_discovery_topic(const char *discovery, const char *prefix, const char *camera,
                            guint entity)
{
    g_autofree char *node = watch_discovery_level(prefix);
    g_autofree char *level = watch_discovery_level(camera);

    return g_strdup_printf("%s/%s/%s/%s_%s/config", discovery, entities[entity].component, node,
                           level, entities[entity].id);
}

/* Payloads */

static void add_string(JsonBuilder *json, const char *key, const char *value)
{
    json_builder_set_member_name(json, key);
    json_builder_add_string_value(json, value);
}

static void add_topic(JsonBuilder *json, const char *key, const char *topic, const char *level)
{
    g_autofree char *text = g_strconcat(topic, "/", level, NULL);

    add_string(json, key, text);
}

/* Available if all of these topics say online. */
static void add_availability(JsonBuilder *json, const char *prefix, const char *camera_topic)
{
    json_builder_set_member_name(json, "availability");
    json_builder_begin_array(json);
    json_builder_begin_object(json);
    add_topic(json, "topic", prefix, "status");
    json_builder_end_object(json);
    if (camera_topic) {
        json_builder_begin_object(json);
        add_topic(json, "topic", camera_topic, "availability");
        json_builder_end_object(json);
    }
    json_builder_end_array(json);
    add_string(json, "availability_mode", "all");
}

/* The same for all entities of a camera. */
static void add_device(JsonBuilder *json, const char *camera, const char *camera_topic)
{
    g_autofree char *name = print_clean(camera, PRINT_MAX_PART);

    json_builder_set_member_name(json, "device");
    json_builder_begin_object(json);
    json_builder_set_member_name(json, "identifiers");
    json_builder_begin_array(json);
    json_builder_add_string_value(json, camera_topic);
    json_builder_end_array(json);
    add_string(json, "name", name);
    add_string(json, "manufacturer", "gst-convnext");
    add_string(json, "model", "convnext-watch");
    add_string(json, "sw_version", CONVNEXT_VERSION);
    json_builder_end_object(json);
    json_builder_set_member_name(json, "origin");
    json_builder_begin_object(json);
    add_string(json, "name", "convnext-watch");
    add_string(json, "sw_version", CONVNEXT_VERSION);
    json_builder_end_object(json);
}

char *watch_discovery_payload(const char *prefix, const char *camera, const char *owner,
                              guint entity)
{
    const Entity *one = &entities[entity];
    g_autofree char *topic = watch_discovery_camera_topic(prefix, camera, owner);
    g_autofree char *device = owner ? watch_discovery_camera_topic(prefix, owner, NULL) : NULL;
    g_autofree char *part =
        owner ? print_clean(watch_parts_name(camera, owner), PRINT_MAX_PART) : NULL;
    g_autofree char *name = part ? g_strconcat(part, " ", one->name, NULL) : NULL;
    g_autoptr(JsonBuilder) json = json_builder_new();
    g_autoptr(JsonNode) root = NULL;

    json_builder_begin_object(json);
    add_string(json, "name", name ? name : one->name);
    add_topic(json, "unique_id", topic, one->id);
    if (one->device_class)
        add_string(json, "device_class", one->device_class);
    add_topic(json, one->topic_key, topic, one->topic);
    if (one->on) {
        add_string(json, "payload_on", one->on);
        add_string(json, "payload_off", one->off);
    }
    if (one->has_attributes)
        add_topic(json, "json_attributes_topic", topic, "attributes");
    json_builder_set_member_name(json, "qos");
    json_builder_add_int_value(json, 1);
    add_availability(json, prefix, one->needs_camera ? topic : NULL);
    add_device(json, owner ? owner : camera, device ? device : topic);
    json_builder_end_object(json);
    root = json_builder_get_root(json);
    return json_to_string(root, FALSE);
}
