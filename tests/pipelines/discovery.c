/* Names of topics, and the payloads of Home Assistant's discovery: the keys that its documentation
 * of MQTT requires, and those that this program promises.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/alarms/discovery.h"

#include <json-glib/json-glib.h>
#include <string.h>

#define PLAIN "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"

static void test_plain_levels(void)
{
    static const char *const names[] = {"door", "Yard_2", "a-b", "-", "door-12345678901"};

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *level = watch_discovery_level(names[i]);

        g_assert_cmpstr(level, ==, names[i]);
    }
}

/* Names that are alike, that are no level, or that are the levels of others. */
static void test_unique_levels(void)
{
    g_autofree char *huge = g_strnfill(10000, 'x');
    g_autofree char *larger = g_strconcat(huge, "y", NULL);
    g_autofree char *of_slash = watch_discovery_level("a/b");
    const char *const names[] = {"",
                                 "a_b",
                                 "a/b",
                                 "a+b",
                                 "a#b",
                                 "a b",
                                 "a\nb",
                                 "+",
                                 "#",
                                 "$SYS",
                                 "a\xff",
                                 "ä",
                                 "\xc3\xa4/",
                                 huge,
                                 larger,
                                 "\x7f",
                                 "a.b",
                                 "rtsp://[::1]",
                                 "door-0123456789ab",
                                 of_slash};
    g_autoptr(GHashTable) levels = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        char *level = watch_discovery_level(names[i]);

        g_assert_cmpuint(strlen(level), >, 0);
        g_assert_cmpuint(strlen(level), <=, 64);
        g_assert_cmpuint(strspn(level, PLAIN), ==, strlen(level));
        g_assert_true(g_hash_table_add(levels, level));
    }
    g_assert_true(g_str_has_prefix(of_slash, "a_b-"));
}

static void test_prefix(void)
{
    g_autofree char *longest = g_strnfill(200, 'x'), *longer = g_strnfill(201, 'x');
    const char *const good[] = {"convnext", "home/ground floor/ä", longest};
    const char *const bad[] = {"",    "/a",   "a/",   "a//b",  "a/+", "#",
                               "a#b", "$SYS", "a\nb", "a\xff", longer};

    for (guint i = 0; i < G_N_ELEMENTS(good); i++)
        g_assert_true(watch_discovery_is_prefix(good[i]));
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_false(watch_discovery_is_prefix(bad[i]));
}

static void test_topics(void)
{
    static const char *const expected[WATCH_DISCOVERY_ENTITIES] = {
        "homeassistant/binary_sensor/convnext/door_problem/config",
        "homeassistant/binary_sensor/convnext/door_connectivity/config",
        "homeassistant/sensor/convnext/door_state/config",
        "homeassistant/image/convnext/door_image/config"};

    for (guint i = 0; i < WATCH_DISCOVERY_ENTITIES; i++) {
        g_autofree char *topic = watch_discovery_topic("homeassistant", "convnext", "door", i);
        g_autofree char *odd = watch_discovery_topic("ha", "home/cameras", "a/+#\n", i);
        g_auto(GStrv) levels = g_strsplit(odd, "/", -1);

        g_assert_cmpstr(topic, ==, expected[i]);
        g_assert_cmpuint(g_strv_length(levels), ==, 5);
        g_assert_cmpuint(strspn(levels[2], PLAIN), ==, strlen(levels[2]));
        g_assert_cmpuint(strspn(levels[3], PLAIN), ==, strlen(levels[3]));
    }
}

static JsonObject *parse(const char *prefix, const char *camera, guint entity, JsonNode **root)
{
    g_autofree char *payload = watch_discovery_payload(prefix, camera, NULL, entity);
    g_autoptr(GError) error = NULL;

    *root = json_from_string(payload, &error);
    g_assert_no_error(error);
    return json_node_get_object(*root);
}

static void expect(JsonObject *object, const char *key, const char *value)
{
    g_assert_cmpstr(json_object_get_string_member_with_default(object, key, NULL), ==, value);
}

/* A device needs identifiers, and its entities need unique ids; an origin needs a name; state_topic
 * is required, and image_topic of an image; availability must not be combined with
 * availability_topic. */
static void check_common(JsonObject *object, const char *identifier, const char *name)
{
    JsonObject *device = json_object_get_object_member(object, "device");
    JsonArray *identifiers = json_object_get_array_member(device, "identifiers");
    JsonArray *availability = json_object_get_array_member(object, "availability");

    g_assert_cmpstr(json_array_get_string_element(identifiers, 0), ==, identifier);
    expect(device, "name", name);
    expect(json_object_get_object_member(object, "origin"), "name", "convnext-watch");
    expect(object, "availability_mode", "all");
    expect(json_array_get_object_element(availability, 0), "topic", "convnext/status");
    g_assert_false(json_object_has_member(object, "availability_topic"));
    g_assert_true(json_object_has_member(object, "name"));
    g_assert_true(json_object_has_member(object, "state_topic") !=
                  json_object_has_member(object, "image_topic"));
}

static void test_payloads(void)
{
    static const struct {
        const char *unique_id, *device_class, *state_topic, *image_topic, *on, *off, *attributes;
        guint availability;
    } expected[WATCH_DISCOVERY_ENTITIES] = {
        {"convnext/door/problem", "problem", "convnext/door/problem", NULL, "ON", "OFF",
         "convnext/door/attributes", 2},
        {"convnext/door/connectivity", "connectivity", "convnext/door/availability", NULL, "online",
         "offline", NULL, 1},
        {"convnext/door/state", NULL, "convnext/door/state", NULL, NULL, NULL,
         "convnext/door/attributes", 2},
        {"convnext/door/image", NULL, NULL, "convnext/door/snapshot", NULL, NULL, NULL, 1},
    };

    for (guint i = 0; i < WATCH_DISCOVERY_ENTITIES; i++) {
        g_autoptr(JsonNode) root = NULL;
        JsonObject *object = parse("convnext", "door", i, &root);

        check_common(object, "convnext/door", "door");
        expect(object, "unique_id", expected[i].unique_id);
        expect(object, "device_class", expected[i].device_class);
        expect(object, "state_topic", expected[i].state_topic);
        expect(object, "image_topic", expected[i].image_topic);
        expect(object, "payload_on", expected[i].on);
        expect(object, "payload_off", expected[i].off);
        expect(object, "json_attributes_topic", expected[i].attributes);
        g_assert_cmpuint(
            json_array_get_length(json_object_get_array_member(object, "availability")), ==,
            expected[i].availability);
    }
}

/* The device has the name that the user gave, in a topic that is safe. */
static void test_odd_name(void)
{
    g_autofree char *topic = watch_discovery_camera_topic("convnext", "a/+#\n\"\xff", NULL);
    g_autoptr(JsonNode) root = NULL;

    check_common(parse("convnext", "a/+#\n\"\xff", 0, &root), topic, "a/+#?\"\xef\xbf\xbd");
    g_assert_null(strpbrk(topic, "+#"));
}

/* A part has topics below those of its camera, and its entities are in the camera's device. */
static void test_part(void)
{
    g_autofree char *topic = watch_discovery_camera_topic("convnext", "yard:door/1", "yard");
    g_autofree char *device = watch_discovery_camera_topic("convnext", "yard", NULL);
    g_autofree char *payload = watch_discovery_payload("convnext", "yard:door/1", "yard", 0);
    g_autofree char *of_camera = watch_discovery_payload("convnext", "yard", NULL, 0);
    g_autoptr(JsonNode) root = json_from_string(payload, NULL);
    g_autoptr(JsonNode) camera_root = json_from_string(of_camera, NULL);
    JsonObject *part = json_node_get_object(root), *camera = json_node_get_object(camera_root);
    g_autofree char *state = g_strconcat(topic, "/problem", NULL);

    g_assert_true(g_str_has_prefix(topic, device));
    g_assert_cmpuint(strspn(topic + strlen("convnext/yard/"), PLAIN), ==,
                     strlen(topic) - strlen("convnext/yard/"));
    g_assert_cmpstr(json_object_get_string_member(part, "name"), ==, "door/1 Problem");
    g_assert_cmpstr(json_object_get_string_member(part, "state_topic"), ==, state);
    g_assert_cmpstr(json_object_get_string_member(part, "unique_id"), !=,
                    json_object_get_string_member(camera, "unique_id"));
    g_assert_true(json_node_equal(json_object_get_member(part, "device"),
                                  json_object_get_member(camera, "device")));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/discovery/plain-levels", test_plain_levels);
    g_test_add_func("/discovery/unique-levels", test_unique_levels);
    g_test_add_func("/discovery/prefix", test_prefix);
    g_test_add_func("/discovery/topics", test_topics);
    g_test_add_func("/discovery/payloads", test_payloads);
    g_test_add_func("/discovery/odd-name", test_odd_name);
    g_test_add_func("/discovery/part", test_part);
    return g_test_run();
}
