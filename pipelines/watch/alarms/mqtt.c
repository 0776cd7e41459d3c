/* libmosquitto's client belongs to the thread alone: every connection has a new one, and what is to
 * be sent again is known from the table. The table is shared, under a lock.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/alarms/mqtt.h"

#ifdef HAVE_MOSQUITTO

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <mosquitto.h>
#include <string.h>
#include <unistd.h>

#include "pipelines/common/print.h"
#include "pipelines/watch/backoff.h"

#define KEEPALIVE_S 15                     /* a silent broker is lost after twice that at most */
#define CONNECT_US (15 * G_USEC_PER_SEC)   /* until the broker has accepted the connection */
#define QUIT_US G_USEC_PER_SEC             /* see watch_mqtt_free() */
#define MIN_DELAY_US G_USEC_PER_SEC        /* before the second attempt */
#define MAX_DELAY_US (30 * G_USEC_PER_SEC) /* between attempts */
#define POLL_MS 1000                       /* for the client's own timers */

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

struct WatchMqtt { /* the thread and the caller have a reference each */
    WatchBroker *broker;
    char *status;       /* topic */
    char *home_status;  /* topic of Home Assistant's status, or NULL */
    char *home_entries; /* what topics below discovery begin with, or NULL */
    char id[24];        /* of the client, at most 23 characters */
    int wake[2];        /* a pipe: reading end, writing end */
    GThread *thread;

    GMutex mutex; /* for: */
    GCond ended;
    GHashTable *entries; /* topic -> Entry; entries stay until the end */
    GQueue pending;      /* of Entry */
    GHashTable *sent;    /* message -> Entry, not yet acknowledged */
    gint64 quit;         /* monotonic time when it ends at the latest; 0: it runs */
    gboolean has_ended;

    /* Of the thread alone: */
    struct mosquitto *client;
    gboolean is_connected;
    gboolean has_settled; /* the broker has acknowledged everything since it is connected */
    gboolean has_failed;  /* reported */
    char *reason;         /* what the client says about a failure, or NULL */
    WatchBackoff backoff;
};

static void free_entry(gpointer data)
{
    Entry *entry = data;

    g_free(entry->topic);
    g_bytes_unref(entry->payload);
    g_free(entry);
}

static void clear_mqtt(gpointer data)
{
    WatchMqtt *mqtt = data;

    g_queue_clear(&mqtt->pending);
    g_hash_table_unref(mqtt->sent);
    g_hash_table_unref(mqtt->entries);
    close(mqtt->wake[0]);
    close(mqtt->wake[1]);
    g_mutex_clear(&mqtt->mutex);
    g_cond_clear(&mqtt->ended);
    watch_broker_free(mqtt->broker);
    g_free(mqtt->status);
    g_free(mqtt->home_status);
    g_free(mqtt->home_entries);
    g_free(mqtt->reason);
    mosquitto_lib_cleanup();
}

static void mqtt_unref(WatchMqtt *mqtt)
{
    g_atomic_rc_box_release_full(mqtt, clear_mqtt);
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

/* Callbacks of the client, in the thread */

static void on_log(struct mosquitto *client, void *data, int level, const char *text)
{
    WatchMqtt *mqtt = data;

    if (level != MOSQ_LOG_ERR)
        return;
    g_free(mqtt->reason);
    mqtt->reason = g_strdup(text);
}

static void on_connect(struct mosquitto *client, void *data, int code)
{
    WatchMqtt *mqtt = data;

    if (code != 0) {
        g_free(mqtt->reason);
        mqtt->reason = g_strdup(mosquitto_connack_string(code));
        return;
    }
    mqtt->is_connected = TRUE;
    mosquitto_subscribe(client, NULL, mqtt->status, 1);
    if (mqtt->home_status)
        mosquitto_subscribe(client, NULL, mqtt->home_status, 1);
    g_mutex_lock(&mqtt->mutex);
    queue_all(mqtt);
    g_mutex_unlock(&mqtt->mutex);
}

static void on_publish(struct mosquitto *client, void *data, int message)
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

/* The last will of an earlier connection, which the broker may execute late, leaves a wrong status.
 * A retained message of Home Assistant was there before everything was sent. */
static void on_message(struct mosquitto *client, void *data,
                       const struct mosquitto_message *message)
{
    WatchMqtt *mqtt = data;
    const gboolean is_online =
        message->payloadlen == 6 && memcmp(message->payload, "online", 6) == 0;

    g_mutex_lock(&mqtt->mutex);
    if (strcmp(message->topic, mqtt->status) == 0) {
        if (!is_online && !mqtt->quit)
            queue_entries(mqtt, mqtt->status);
    } else if (is_online && !message->retain && mqtt->home_entries) {
        queue_entries(mqtt, mqtt->home_entries);
    }
    g_mutex_unlock(&mqtt->mutex);
}

/* The thread */

/* Until when the thread runs, 0 for no end. */
static gint64 quit_time(WatchMqtt *mqtt)
{
    gint64 quit;

    g_mutex_lock(&mqtt->mutex);
    quit = mqtt->quit;
    g_mutex_unlock(&mqtt->mutex);
    return quit;
}

static void report_failure(WatchMqtt *mqtt, const char *reason)
{
    if (!mqtt->has_failed && !quit_time(mqtt))
        print_error("convnext-watch", "mqtt %s: %s; states are sent when it answers",
                    mqtt->broker->place, reason);
    mqtt->has_failed = TRUE;
}

static void report_settled(WatchMqtt *mqtt)
{
    mqtt->has_settled = TRUE;
    mqtt->has_failed = FALSE;
    watch_backoff_reset(&mqtt->backoff);
    if (!quit_time(mqtt))
        print_error("convnext-watch", "mqtt %s: connected", mqtt->broker->place);
}

static gboolean set_options(WatchMqtt *mqtt)
{
    const WatchBroker *broker = mqtt->broker;
    int result = mosquitto_will_set(mqtt->client, mqtt->status, 7, "offline", 1, TRUE);

    if (result == MOSQ_ERR_SUCCESS && broker->credentials.user)
        result = mosquitto_username_pw_set(mqtt->client, broker->credentials.user,
                                           broker->credentials.password);
    if (result == MOSQ_ERR_SUCCESS && broker->ca_file)
        result = mosquitto_tls_set(mqtt->client, broker->ca_file, NULL, NULL, NULL, NULL);
    else if (result == MOSQ_ERR_SUCCESS && broker->has_tls)
        result = mosquitto_int_option(mqtt->client, MOSQ_OPT_TLS_USE_OS_CERTS, 1);
    mosquitto_log_callback_set(mqtt->client, on_log);
    mosquitto_connect_callback_set(mqtt->client, on_connect);
    mosquitto_publish_callback_set(mqtt->client, on_publish);
    mosquitto_message_callback_set(mqtt->client, on_message);
    if (result != MOSQ_ERR_SUCCESS)
        report_failure(mqtt, mosquitto_strerror(result));
    return result == MOSQ_ERR_SUCCESS;
}

/* The client's reason, or the result's, in one part of a sentence. */
static void report_result(WatchMqtt *mqtt, int result)
{
    const char *text = result == MOSQ_ERR_ERRNO ? g_strerror(errno) : mosquitto_strerror(result);
    g_autofree char *reason = g_strdup(mqtt->reason ? mqtt->reason : text);

    if (g_str_has_suffix(reason, "."))
        reason[strlen(reason) - 1] = '\0';
    report_failure(mqtt, reason);
}

/* Only the lookup of the host's name blocks, and nothing but this thread. */
static gboolean open_client(WatchMqtt *mqtt)
{
    int result;

    mqtt->is_connected = mqtt->has_settled = FALSE;
    g_clear_pointer(&mqtt->reason, g_free);
    mqtt->client = mosquitto_new(mqtt->id, TRUE, mqtt);
    if (!mqtt->client || !set_options(mqtt))
        return FALSE;
    result =
        mosquitto_connect_async(mqtt->client, mqtt->broker->host, mqtt->broker->port, KEEPALIVE_S);
    if (result != MOSQ_ERR_SUCCESS)
        report_result(mqtt, result);
    return result == MOSQ_ERR_SUCCESS;
}

static int send_pending(WatchMqtt *mqtt)
{
    int result = MOSQ_ERR_SUCCESS, message = 0;
    Entry *entry;

    g_mutex_lock(&mqtt->mutex);
    while ((entry = g_queue_peek_head(&mqtt->pending))) {
        gsize size;
        const void *payload = g_bytes_get_data(entry->payload, &size);

        result =
            mosquitto_publish(mqtt->client, &message, entry->topic, (int)size, payload, 1, TRUE);
        if (result != MOSQ_ERR_SUCCESS)
            break; /* it stays pending, for the next connection */
        g_queue_pop_head(&mqtt->pending);
        entry->state = ENTRY_SENT;
        g_hash_table_insert(mqtt->sent, GINT_TO_POINTER(message), entry);
    }
    g_mutex_unlock(&mqtt->mutex);
    return result;
}

static gboolean has_sent_all(WatchMqtt *mqtt)
{
    gboolean has_sent;

    g_mutex_lock(&mqtt->mutex);
    has_sent = g_queue_is_empty(&mqtt->pending) && g_hash_table_size(mqtt->sent) == 0;
    g_mutex_unlock(&mqtt->mutex);
    return has_sent;
}

static void drain_wake(WatchMqtt *mqtt)
{
    char bytes[64];

    while (read(mqtt->wake[0], bytes, sizeof(bytes)) > 0) {
    }
}

/* Waits for the socket, for a change of the table, or for `timeout` milliseconds. */
static void wait_for_work(WatchMqtt *mqtt, int socket, int timeout)
{
    GPollFD fds[] = {{mqtt->wake[0], G_IO_IN, 0}, {socket, G_IO_IN, 0}};

    if (mosquitto_want_write(mqtt->client))
        fds[1].events |= G_IO_OUT;
    g_poll(fds, socket < 0 ? 1 : 2, timeout);
    drain_wake(mqtt);
}

/* A step of the client: reads, writes, watches over the connection. */
static int work(WatchMqtt *mqtt)
{
    int result = mosquitto_loop_read(mqtt->client, 1);

    if (result == MOSQ_ERR_SUCCESS && mosquitto_want_write(mqtt->client))
        result = mosquitto_loop_write(mqtt->client, 1);
    if (result == MOSQ_ERR_SUCCESS)
        result = mosquitto_loop_misc(mqtt->client);
    if (result == MOSQ_ERR_SUCCESS && mqtt->is_connected)
        result = send_pending(mqtt);
    return result;
}

/* Returns when the connection is lost, or when the thread is to end. Without a goodbye the broker
 * executes the last will. */
static void run_client(WatchMqtt *mqtt)
{
    const gint64 limit = g_get_monotonic_time() + CONNECT_US;
    gint64 quit = 0;

    while (!quit || g_get_monotonic_time() < quit) {
        const int result = work(mqtt);

        if (result != MOSQ_ERR_SUCCESS) {
            report_result(mqtt, result);
            return;
        }
        if (!mqtt->is_connected && g_get_monotonic_time() > limit) {
            report_failure(mqtt, "no answer");
            return;
        }
        quit = quit_time(mqtt);
        if (mqtt->is_connected && has_sent_all(mqtt)) {
            if (!mqtt->has_settled)
                report_settled(mqtt);
            if (quit) {
                mosquitto_disconnect(mqtt->client);
                return;
            }
        }
        wait_for_work(mqtt, mosquitto_socket(mqtt->client), quit ? 10 : POLL_MS);
    }
}

static void wait_delay(WatchMqtt *mqtt)
{
    const gint64 until = g_get_monotonic_time() + watch_backoff_next(&mqtt->backoff);
    gint64 left;

    while (!quit_time(mqtt) && (left = until - g_get_monotonic_time()) > 0) {
        GPollFD fd = {mqtt->wake[0], G_IO_IN, 0};

        g_poll(&fd, 1, (int)(left / 1000) + 1);
        drain_wake(mqtt);
    }
}

static gpointer run(gpointer data)
{
    WatchMqtt *mqtt = data;

    do {
        if (open_client(mqtt))
            run_client(mqtt);
        g_clear_pointer(&mqtt->client, mosquitto_destroy);
        wait_delay(mqtt);
    } while (!quit_time(mqtt));
    g_mutex_lock(&mqtt->mutex);
    mqtt->has_ended = TRUE;
    g_cond_signal(&mqtt->ended);
    g_mutex_unlock(&mqtt->mutex);
    mqtt_unref(mqtt);
    return NULL;
}

/* The caller's side */

static void wake(WatchMqtt *mqtt)
{
    if (write(mqtt->wake[1], "", 1) < 0) {
        /* the pipe is full, so the thread will wake */
    }
}

WatchMqtt *watch_mqtt_new(const WatchBroker *broker)
{
    WatchMqtt *mqtt = g_atomic_rc_box_new0(WatchMqtt);

    mosquitto_lib_init();
    mqtt->broker = watch_broker_copy(broker);
    mqtt->status = g_strconcat(broker->prefix, "/status", NULL);
    if (broker->discovery) {
        mqtt->home_status = g_strconcat(broker->discovery, "/status", NULL);
        mqtt->home_entries = g_strconcat(broker->discovery, "/", NULL);
    }
    g_snprintf(mqtt->id, sizeof(mqtt->id), "convnext-%08x", g_random_int());
    g_unix_open_pipe(mqtt->wake, FD_CLOEXEC, NULL);
    for (guint i = 0; i < 2; i++)
        g_unix_set_fd_nonblocking(mqtt->wake[i], TRUE, NULL);
    g_mutex_init(&mqtt->mutex);
    g_cond_init(&mqtt->ended);
    g_queue_init(&mqtt->pending);
    mqtt->entries = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_entry);
    mqtt->sent = g_hash_table_new(NULL, NULL);
    mqtt->backoff.min_delay = MIN_DELAY_US;
    mqtt->backoff.max_delay = MAX_DELAY_US;
    set_status(mqtt, "online");
    mqtt->thread = g_thread_new("mqtt", run, g_atomic_rc_box_acquire(mqtt));
    return mqtt;
}

void watch_mqtt_set_bytes(WatchMqtt *mqtt, const char *topic, GBytes *payload)
{
    gboolean has_changed;

    g_mutex_lock(&mqtt->mutex);
    has_changed = set_payload(mqtt, topic, payload);
    g_mutex_unlock(&mqtt->mutex);
    if (has_changed)
        wake(mqtt);
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
    wake(mqtt);
}

void watch_mqtt_free(WatchMqtt *mqtt)
{
    const gint64 quit = g_get_monotonic_time() + QUIT_US;

    if (!mqtt)
        return;
    g_mutex_lock(&mqtt->mutex);
    set_status(mqtt, "offline");
    mqtt->quit = quit;
    wake(mqtt);
    while (!mqtt->has_ended && g_cond_wait_until(&mqtt->ended, &mqtt->mutex, quit)) {
    }
    g_mutex_unlock(&mqtt->mutex);
    g_thread_unref(mqtt->thread); /* a lookup that hangs is left behind */
    mqtt_unref(mqtt);
}

#else

WatchMqtt *watch_mqtt_new(const WatchBroker *broker)
{
    return NULL;
}

void watch_mqtt_set(WatchMqtt *mqtt, const char *topic, const char *payload) {}

void watch_mqtt_set_bytes(WatchMqtt *mqtt, const char *topic, GBytes *payload) {}

void watch_mqtt_clear(WatchMqtt *mqtt) {}

void watch_mqtt_free(WatchMqtt *mqtt) {}

#endif
