/* The table of topics is shared with the client's thread, under a lock: every connection sends all
 * of it again.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/alarms/mqtt.h"

#include <string.h>

#include "gst/network/mqttclient.h"
#include "pipelines/common/print.h"

#define QUIT_US G_USEC_PER_SEC /* see watch_mqtt_free() */

typedef enum EntryState {
    ENTRY_SETTLED, /* the broker has the payload */
    ENTRY_PENDING, /* in the queue */
    ENTRY_SENT,    /* not yet acknowledged */
    ENTRY_CHANGED  /* likewise, and the payload has changed since */
} EntryState;

typedef struct Entry {
    char *topic;
    GBytes *payload;
    EntryState state;
} Entry;

struct WatchMqtt { /* belongs to the client, which frees it */
    GstConvnextMqttClient *client;
    char *place;        /* of the broker, for people */
    char *status;       /* topic */
    char *home_status;  /* topic of Home Assistant's status, or NULL */
    char *home_entries; /* what topics below discovery begin with, or NULL */

    GMutex mutex;        /* for: */
    GHashTable *entries; /* topic -> Entry; entries stay until the end */
    GQueue pending;      /* of Entry */
    GHashTable *sent;    /* message -> Entry, not yet acknowledged */
    gboolean is_ending;
};

static void free_entry(gpointer data)
{
    Entry *entry = data;

    g_free(entry->topic);
    g_bytes_unref(entry->payload);
    g_free(entry);
}

static void free_mqtt(gpointer data)
{
    WatchMqtt *mqtt = data;

    g_queue_clear(&mqtt->pending);
    g_hash_table_unref(mqtt->sent);
    g_hash_table_unref(mqtt->entries);
    g_mutex_clear(&mqtt->mutex);
    g_free(mqtt->place);
    g_free(mqtt->status);
    g_free(mqtt->home_status);
    g_free(mqtt->home_entries);
    g_free(mqtt);
}

/* The table, under the lock */

static void queue_entry(WatchMqtt *mqtt, Entry *entry)
{
    if (entry->state == ENTRY_SENT || entry->state == ENTRY_CHANGED) {
        entry->state = ENTRY_CHANGED;
    } else if (entry->state == ENTRY_SETTLED) {
        entry->state = ENTRY_PENDING;
        g_queue_push_tail(&mqtt->pending, entry);
    }
}

/* Queues the entries whose topics begin with start. */
static void queue_entries(WatchMqtt *mqtt, const char *start)
{
    GHashTableIter entries;
    gpointer topic, entry;

    g_hash_table_iter_init(&entries, mqtt->entries);
    while (g_hash_table_iter_next(&entries, &topic, &entry)) {
        if (g_str_has_prefix(topic, start))
            queue_entry(mqtt, entry);
    }
}

/* Queues everything, the status last: when it is online, the other topics are right. */
static void queue_all(WatchMqtt *mqtt)
{
    Entry *status = g_hash_table_lookup(mqtt->entries, mqtt->status);
    GHashTableIter entries;
    gpointer entry;

    g_queue_clear(&mqtt->pending);
    g_hash_table_remove_all(mqtt->sent);
    g_hash_table_iter_init(&entries, mqtt->entries);
    while (g_hash_table_iter_next(&entries, NULL, &entry)) {
        ((Entry *)entry)->state = ENTRY_SETTLED;
        if (entry != status)
            queue_entry(mqtt, entry);
    }
    queue_entry(mqtt, status);
}

static gboolean set_payload(WatchMqtt *mqtt, const char *topic, GBytes *payload)
{
    Entry *entry = g_hash_table_lookup(mqtt->entries, topic);

    if (entry && g_bytes_equal(entry->payload, payload))
        return FALSE;
    if (!entry) {
        entry = g_new0(Entry, 1);
        entry->topic = g_strdup(topic);
        g_hash_table_insert(mqtt->entries, entry->topic, entry);
    }
    g_clear_pointer(&entry->payload, g_bytes_unref);
    entry->payload = g_bytes_ref(payload);
    queue_entry(mqtt, entry);
    return TRUE;
}

static void set_status(WatchMqtt *mqtt, const char *status)
{
    g_autoptr(GBytes) payload = g_bytes_new(status, strlen(status));

    set_payload(mqtt, mqtt->status, payload);
}

/* In the client's thread */

static void on_connected(GstConvnextMqttClient *client, gpointer data)
{
    WatchMqtt *mqtt = data;

    gst_convnext_mqtt_client_subscribe(client, mqtt->status);
    if (mqtt->home_status)
        gst_convnext_mqtt_client_subscribe(client, mqtt->home_status);
    g_mutex_lock(&mqtt->mutex);
    queue_all(mqtt);
    g_mutex_unlock(&mqtt->mutex);
}

static gboolean send_pending(GstConvnextMqttClient *client, gpointer data)
{
    WatchMqtt *mqtt = data;
    gboolean is_fine = TRUE;
    int message = 0;
    Entry *entry;

    g_mutex_lock(&mqtt->mutex);
    while (is_fine && (entry = g_queue_peek_head(&mqtt->pending))) {
        gsize size;
        const void *payload = g_bytes_get_data(entry->payload, &size);

        is_fine =
            gst_convnext_mqtt_client_publish(client, entry->topic, payload, size, TRUE, &message);
        if (!is_fine)
            break; /* it stays pending, for the next connection */
        g_queue_pop_head(&mqtt->pending);
        entry->state = ENTRY_SENT;
        g_hash_table_insert(mqtt->sent, GINT_TO_POINTER(message), entry);
    }
    g_mutex_unlock(&mqtt->mutex);
    return is_fine;
}

static void on_acknowledged(int message, gpointer data)
{
    WatchMqtt *mqtt = data;
    Entry *entry;
    gboolean has_changed;

    g_mutex_lock(&mqtt->mutex);
    entry = g_hash_table_lookup(mqtt->sent, GINT_TO_POINTER(message));
    if (entry) {
        g_hash_table_remove(mqtt->sent, GINT_TO_POINTER(message));
        has_changed = entry->state == ENTRY_CHANGED;
        entry->state = ENTRY_SETTLED;
        if (has_changed)
            queue_entry(mqtt, entry);
    }
    g_mutex_unlock(&mqtt->mutex);
}

static gboolean has_sent_all(gpointer data)
{
    WatchMqtt *mqtt = data;
    gboolean has_sent;

    g_mutex_lock(&mqtt->mutex);
    has_sent = g_queue_is_empty(&mqtt->pending) && g_hash_table_size(mqtt->sent) == 0;
    g_mutex_unlock(&mqtt->mutex);
    return has_sent;
}

/* The last will of an earlier connection, which the broker may execute late, leaves a wrong status.
 * A retained message of Home Assistant was there before everything was sent. */
static void on_received(const char *topic, gconstpointer payload, gsize size, gboolean is_retained,
                        gpointer data)
{
    WatchMqtt *mqtt = data;
    const gboolean is_online = size == 6 && memcmp(payload, "online", 6) == 0;

    g_mutex_lock(&mqtt->mutex);
    if (strcmp(topic, mqtt->status) == 0) {
        if (!is_online && !mqtt->is_ending)
            queue_entries(mqtt, mqtt->status);
    } else if (is_online && !is_retained && mqtt->home_entries) {
        queue_entries(mqtt, mqtt->home_entries);
    }
    g_mutex_unlock(&mqtt->mutex);
}

static void on_failed(const char *reason, gpointer data)
{
    print_error("convnext-watch", "mqtt %s: %s; states are sent when it answers",
                ((WatchMqtt *)data)->place, reason);
}

static void on_settled(gpointer data)
{
    print_error("convnext-watch", "mqtt %s: connected", ((WatchMqtt *)data)->place);
}

static const GstConvnextMqttFuncs funcs = {.connected = on_connected,
                                           .send = send_pending,
                                           .acknowledged = on_acknowledged,
                                           .is_done = has_sent_all,
                                           .failed = on_failed,
                                           .settled = on_settled,
                                           .received = on_received,
                                           .free_data = free_mqtt};

/* The caller's side */

WatchMqtt *watch_mqtt_new(const WatchBroker *broker)
{
    GstConvnextMqttOptions options = {.host = broker->host,
                                      .port = broker->port,
                                      .has_tls = broker->has_tls,
                                      .ca_file = broker->ca_file,
                                      .user = broker->credentials.user,
                                      .password = broker->credentials.password};
    WatchMqtt *mqtt;

    if (!gst_convnext_mqtt_is_built())
        return NULL;
    mqtt = g_new0(WatchMqtt, 1);
    mqtt->place = g_strdup(broker->place);
    mqtt->status = g_strconcat(broker->prefix, "/status", NULL);
    if (broker->discovery) {
        mqtt->home_status = g_strconcat(broker->discovery, "/status", NULL);
        mqtt->home_entries = g_strconcat(broker->discovery, "/", NULL);
    }
    g_mutex_init(&mqtt->mutex);
    g_queue_init(&mqtt->pending);
    mqtt->entries = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_entry);
    mqtt->sent = g_hash_table_new(NULL, NULL);
    set_status(mqtt, "online");
    options.status = mqtt->status;
    mqtt->client = gst_convnext_mqtt_client_new(&options, &funcs, mqtt);
    return mqtt;
}

void watch_mqtt_set_bytes(WatchMqtt *mqtt, const char *topic, GBytes *payload)
{
    gboolean has_changed;

    g_mutex_lock(&mqtt->mutex);
    has_changed = set_payload(mqtt, topic, payload);
    g_mutex_unlock(&mqtt->mutex);
    if (has_changed)
        gst_convnext_mqtt_client_wake(mqtt->client);
}

void watch_mqtt_set(WatchMqtt *mqtt, const char *topic, const char *payload)
{
    g_autoptr(GBytes) bytes = g_bytes_new(payload, strlen(payload));

    watch_mqtt_set_bytes(mqtt, topic, bytes);
}

void watch_mqtt_clear(WatchMqtt *mqtt)
{
    g_autoptr(GBytes) empty = g_bytes_new(NULL, 0);
    GHashTableIter entries;
    gpointer topic;

    g_mutex_lock(&mqtt->mutex);
    g_hash_table_iter_init(&entries, mqtt->entries);
    while (g_hash_table_iter_next(&entries, &topic, NULL)) {
        if (strcmp(topic, mqtt->status) != 0)
            set_payload(mqtt, topic, empty); /* which exists, so the table does not grow */
    }
    g_mutex_unlock(&mqtt->mutex);
    gst_convnext_mqtt_client_wake(mqtt->client);
}

void watch_mqtt_free(WatchMqtt *mqtt)
{
    if (!mqtt)
        return;
    g_mutex_lock(&mqtt->mutex);
    set_status(mqtt, "offline");
    mqtt->is_ending = TRUE;
    g_mutex_unlock(&mqtt->mutex);
    gst_convnext_mqtt_client_free(mqtt->client, QUIT_US);
}
