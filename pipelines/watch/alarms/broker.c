/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/alarms/broker.h"

#include <string.h>

#include "gst/network/mqttclient.h"
#include "gst/network/place.h"
#include "pipelines/watch/alarms/discovery.h"
#include "pipelines/watch/keys.h"

static gboolean set_place(WatchBroker *broker, const char *text)
{
    GstConvnextMqttPlace place;
    const gboolean is_broker = gst_convnext_mqtt_place_parse(&place, text) && !*place.path;

    if (is_broker) {
        broker->place = g_steal_pointer(&place.text);
        broker->host = g_steal_pointer(&place.host);
        broker->port = place.port;
        broker->has_tls = place.has_tls;
    }
    gst_convnext_mqtt_place_clear(&place);
    return is_broker;
}

static gboolean set_prefix(char **prefix, GKeyFile *file, const char *group, const char *key,
                           const char *default_value, GError **error)
{
    *prefix = g_key_file_get_string(file, group, key, NULL);
    if (!*prefix)
        *prefix = g_strdup(default_value);
    return watch_discovery_is_prefix(*prefix) ||
           watch_keys_fail(error, group,
                           "%s is '%s', expected levels of a topic such as home/%s, without +, # "
                           "and empty levels",
                           key, *prefix, default_value);
}

static gboolean set_discovery(WatchBroker *broker, GKeyFile *file, const char *group,
                              GError **error)
{
    g_autofree char *text = g_key_file_get_string(file, group, "mqtt-discovery", NULL);

    return (text && !*text) ||
           set_prefix(&broker->discovery, file, group, "mqtt-discovery", "homeassistant", error);
}

static gboolean set_credentials(WatchBroker *broker, GKeyFile *file, const char *group,
                                GError **error)
{
    g_autofree char *path = g_key_file_get_string(file, group, "mqtt-credentials-file", NULL);
    g_autoptr(GError) cause = NULL;

    return watch_credentials_read(&broker->credentials, path && *path ? path : NULL, NULL,
                                  &cause) ||
           watch_keys_fail(error, group, "mqtt-credentials-file: %s", cause->message);
}

static gboolean set_ca_file(WatchBroker *broker, GKeyFile *file, const char *group, GError **error)
{
    g_autofree char *path = g_key_file_get_string(file, group, "mqtt-ca-file", NULL);
    g_autoptr(GError) cause = NULL;

    if (!path || !*path)
        return TRUE;
    if (!broker->has_tls)
        return watch_keys_fail(error, group, "mqtt-ca-file needs an mqtts:// URL in mqtt");
    if (!gst_convnext_ca_check(path, &cause))
        return watch_keys_fail(error, group, "mqtt-ca-file: %s", cause->message);
    broker->ca_file = g_steal_pointer(&path);
    return TRUE;
}

gboolean watch_broker_read(WatchBroker **result, GKeyFile *file, const char *group, GError **error)
{
    g_autoptr(WatchBroker) broker = g_new0(WatchBroker, 1);
    g_autofree char *url = g_key_file_get_string(file, group, "mqtt", NULL);

    *result = NULL;
    if (!url || !*url)
        return TRUE;
    if (!gst_convnext_mqtt_is_built())
        return watch_keys_fail(error, group,
                               "mqtt: convnext-watch was built without libmosquitto and cannot "
                               "connect to a broker");
    if (!set_place(broker, url))
        return watch_keys_fail(error, group,
                               "mqtt: expected mqtt://HOST[:PORT] or mqtts://HOST[:PORT], without "
                               "credentials and without a path");
    if (!set_prefix(&broker->prefix, file, group, "mqtt-prefix", "convnext", error) ||
        !set_discovery(broker, file, group, error) ||
        !set_credentials(broker, file, group, error) || !set_ca_file(broker, file, group, error))
        return FALSE;
    *result = g_steal_pointer(&broker);
    return TRUE;
}

WatchBroker *watch_broker_copy(const WatchBroker *broker)
{
    WatchBroker *copy = g_new0(WatchBroker, 1);

    *copy = *broker;
    copy->place = g_strdup(broker->place);
    copy->host = g_strdup(broker->host);
    copy->ca_file = g_strdup(broker->ca_file);
    copy->credentials.user = g_strdup(broker->credentials.user);
    copy->credentials.password = g_strdup(broker->credentials.password);
    copy->prefix = g_strdup(broker->prefix);
    copy->discovery = g_strdup(broker->discovery);
    return copy;
}

void watch_broker_free(WatchBroker *broker)
{
    if (!broker)
        return;
    g_free(broker->place);
    g_free(broker->host);
    g_free(broker->ca_file);
    watch_credentials_clear(&broker->credentials);
    g_free(broker->prefix);
    g_free(broker->discovery);
    g_free(broker);
}

gboolean watch_broker_has_same_topics(const WatchBroker *a, const WatchBroker *b)
{
    return b && strcmp(a->place, b->place) == 0 && strcmp(a->prefix, b->prefix) == 0 &&
           g_strcmp0(a->discovery, b->discovery) == 0;
}

gboolean watch_broker_equal(const WatchBroker *a, const WatchBroker *b)
{
    if (!a || !b)
        return a == b;
    return watch_broker_has_same_topics(a, b) && g_strcmp0(a->ca_file, b->ca_file) == 0 &&
           g_strcmp0(a->credentials.user, b->credentials.user) == 0 &&
           g_strcmp0(a->credentials.password, b->credentials.password) == 0;
}
