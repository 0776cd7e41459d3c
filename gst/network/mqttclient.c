/* libmosquitto's client belongs to the thread alone: every connection has a new one.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/network/mqttclient.h"

#ifdef HAVE_MOSQUITTO

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <mosquitto.h>
#include <string.h>
#include <unistd.h>

#include "gst/network/backoff.h"

#define KEEPALIVE_S 15                     /* a silent broker is lost after twice that at most */
#define CONNECT_US (15 * G_USEC_PER_SEC)   /* until the broker has accepted the connection */
#define MIN_DELAY_US G_USEC_PER_SEC        /* before the second attempt */
#define MAX_DELAY_US (30 * G_USEC_PER_SEC) /* between attempts */
#define POLL_MS 1000                       /* for libmosquitto's own timers */

struct GstConvnextMqttClient { /* the thread and the owner have a reference each */
    const GstConvnextMqttFuncs *funcs;
    gpointer data;
    char *host, *ca_file, *user, *password, *status;
    int port;
    gboolean has_tls;
    char id[24]; /* at most 23 characters */
    int wake[2]; /* a pipe: reading end, writing end */
    GThread *thread;

    GMutex mutex; /* for: */
    GCond ended;
    gint64 quit; /* monotonic time when it ends at the latest; 0: it runs */
    gboolean has_ended;

    /* Of the thread alone: */
    struct mosquitto *connection;
    gboolean is_connected;
    gboolean has_settled; /* was done since it is connected */
    gboolean has_failed;  /* reported */
    char *reason;         /* what libmosquitto says about a failure, or NULL */
    GstConvnextBackoff backoff;
};

static void clear_client(gpointer data)
{
    GstConvnextMqttClient *client = data;

    client->funcs->free_data(client->data);
    close(client->wake[0]);
    close(client->wake[1]);
    g_mutex_clear(&client->mutex);
    g_cond_clear(&client->ended);
    g_free(client->host);
    g_free(client->ca_file);
    g_free(client->user);
    g_free(client->password);
    g_free(client->status);
    g_free(client->reason);
    mosquitto_lib_cleanup();
}

static void client_unref(GstConvnextMqttClient *client)
{
    g_atomic_rc_box_release_full(client, clear_client);
}

/* Callbacks of libmosquitto, in the thread */

static void on_log(struct mosquitto *connection, void *data, int level, const char *text)
{
    GstConvnextMqttClient *client = data;

    if (level != MOSQ_LOG_ERR)
        return;
    g_free(client->reason);
    client->reason = g_strdup(text);
}

static void on_connect(struct mosquitto *connection, void *data, int code)
{
    GstConvnextMqttClient *client = data;

    if (code != 0) {
        g_free(client->reason);
        client->reason = g_strdup(mosquitto_connack_string(code));
        return;
    }
    client->is_connected = TRUE;
    client->funcs->connected(client, client->data);
}

static void on_publish(struct mosquitto *connection, void *data, int message)
{
    GstConvnextMqttClient *client = data;

    client->funcs->acknowledged(message, client->data);
}

static void on_message(struct mosquitto *connection, void *data,
                       const struct mosquitto_message *message)
{
    GstConvnextMqttClient *client = data;

    if (client->funcs->received)
        client->funcs->received(message->topic, message->payload, (gsize)message->payloadlen,
                                message->retain, client->data);
}

/* The thread */

/* Until when the thread runs, 0 for no end. */
static gint64 quit_time(GstConvnextMqttClient *client)
{
    gint64 quit;

    g_mutex_lock(&client->mutex);
    quit = client->quit;
    g_mutex_unlock(&client->mutex);
    return quit;
}

static void report_failure(GstConvnextMqttClient *client, const char *reason)
{
    if (!client->has_failed && !quit_time(client))
        client->funcs->failed(reason, client->data);
    client->has_failed = TRUE;
}

static void report_settled(GstConvnextMqttClient *client)
{
    client->has_settled = TRUE;
    client->has_failed = FALSE;
    gst_convnext_backoff_reset(&client->backoff);
    if (!quit_time(client))
        client->funcs->settled(client->data);
}

static int set_will(GstConvnextMqttClient *client)
{
    return client->status
               ? mosquitto_will_set(client->connection, client->status, 7, "offline", 1, TRUE)
               : MOSQ_ERR_SUCCESS;
}

static gboolean set_options(GstConvnextMqttClient *client)
{
    struct mosquitto *connection = client->connection;
    int result = set_will(client);

    if (result == MOSQ_ERR_SUCCESS && client->user)
        result = mosquitto_username_pw_set(connection, client->user, client->password);
    if (result == MOSQ_ERR_SUCCESS && client->ca_file)
        result = mosquitto_tls_set(connection, client->ca_file, NULL, NULL, NULL, NULL);
    else if (result == MOSQ_ERR_SUCCESS && client->has_tls)
        result = mosquitto_int_option(connection, MOSQ_OPT_TLS_USE_OS_CERTS, 1);
    mosquitto_log_callback_set(connection, on_log);
    mosquitto_connect_callback_set(connection, on_connect);
    mosquitto_publish_callback_set(connection, on_publish);
    mosquitto_message_callback_set(connection, on_message);
    if (result != MOSQ_ERR_SUCCESS)
        report_failure(client, mosquitto_strerror(result));
    return result == MOSQ_ERR_SUCCESS;
}

/* libmosquitto's reason, or the result's, in one part of a sentence. */
static void report_result(GstConvnextMqttClient *client, int result)
{
    const char *text = result == MOSQ_ERR_ERRNO ? g_strerror(errno) : mosquitto_strerror(result);
    g_autofree char *reason = g_strdup(client->reason ? client->reason : text);

    if (g_str_has_suffix(reason, "."))
        reason[strlen(reason) - 1] = '\0';
    report_failure(client, reason);
}

/* Only the lookup of the host's name blocks, and nothing but this thread. */
static gboolean open_connection(GstConvnextMqttClient *client)
{
    int result;

    client->is_connected = client->has_settled = FALSE;
    g_clear_pointer(&client->reason, g_free);
    client->connection = mosquitto_new(client->id, TRUE, client);
    if (!client->connection || !set_options(client))
        return FALSE;
    result = mosquitto_connect_async(client->connection, client->host, client->port, KEEPALIVE_S);
    if (result != MOSQ_ERR_SUCCESS)
        report_result(client, result);
    return result == MOSQ_ERR_SUCCESS;
}

static void drain_wake(GstConvnextMqttClient *client)
{
    char bytes[64];

    while (read(client->wake[0], bytes, sizeof(bytes)) > 0) {
    }
}

/* Waits for the socket, for gst_convnext_mqtt_client_wake(), or for `timeout` milliseconds. */
static void wait_for_work(GstConvnextMqttClient *client, int socket, int timeout)
{
    GPollFD fds[] = {{client->wake[0], G_IO_IN, 0}, {socket, G_IO_IN, 0}};

    if (mosquitto_want_write(client->connection))
        fds[1].events |= G_IO_OUT;
    g_poll(fds, socket < 0 ? 1 : 2, timeout);
    drain_wake(client);
}

/* A step of the connection: reads, writes, watches over it. */
static int work(GstConvnextMqttClient *client)
{
    int result = mosquitto_loop_read(client->connection, 1);

    if (result == MOSQ_ERR_SUCCESS && mosquitto_want_write(client->connection))
        result = mosquitto_loop_write(client->connection, 1);
    if (result == MOSQ_ERR_SUCCESS)
        result = mosquitto_loop_misc(client->connection);
    if (result == MOSQ_ERR_SUCCESS && client->is_connected &&
        !client->funcs->send(client, client->data))
        result = MOSQ_ERR_UNKNOWN;
    return result;
}

/* Returns when the connection is lost, or when the thread is to end. Without a goodbye the broker
 * executes the last will. */
static void run_connection(GstConvnextMqttClient *client)
{
    const gint64 limit = g_get_monotonic_time() + CONNECT_US;
    gint64 quit = 0;

    while (!quit || g_get_monotonic_time() < quit) {
        const int result = work(client);

        if (result != MOSQ_ERR_SUCCESS) {
            report_result(client, result);
            return;
        }
        if (!client->is_connected && g_get_monotonic_time() > limit) {
            report_failure(client, "no answer");
            return;
        }
        quit = quit_time(client);
        if (client->is_connected && client->funcs->is_done(client->data)) {
            if (!client->has_settled)
                report_settled(client);
            if (quit) {
                mosquitto_disconnect(client->connection);
                return;
            }
        }
        wait_for_work(client, mosquitto_socket(client->connection), quit ? 10 : POLL_MS);
    }
}

static void wait_delay(GstConvnextMqttClient *client)
{
    const gint64 until = g_get_monotonic_time() + gst_convnext_backoff_next(&client->backoff);
    gint64 left;

    while (!quit_time(client) && (left = until - g_get_monotonic_time()) > 0) {
        GPollFD fd = {client->wake[0], G_IO_IN, 0};

        g_poll(&fd, 1, (int)(left / 1000) + 1);
        drain_wake(client);
    }
}

static gpointer run(gpointer data)
{
    GstConvnextMqttClient *client = data;

    do {
        if (open_connection(client))
            run_connection(client);
        g_clear_pointer(&client->connection, mosquitto_destroy);
        wait_delay(client);
    } while (!quit_time(client));
    g_mutex_lock(&client->mutex);
    client->has_ended = TRUE;
    g_cond_signal(&client->ended);
    g_mutex_unlock(&client->mutex);
    client_unref(client);
    return NULL;
}

/* The owner's side */

gboolean gst_convnext_mqtt_is_built(void)
{
    return TRUE;
}

GstConvnextMqttClient *gst_convnext_mqtt_client_new(const GstConvnextMqttOptions *options,
                                                    const GstConvnextMqttFuncs *funcs,
                                                    gpointer data)
{
    GstConvnextMqttClient *client = g_atomic_rc_box_new0(GstConvnextMqttClient);

    mosquitto_lib_init();
    client->funcs = funcs;
    client->data = data;
    client->host = g_strdup(options->host);
    client->port = options->port;
    client->has_tls = options->has_tls;
    client->ca_file = g_strdup(options->ca_file);
    client->user = g_strdup(options->user);
    client->password = g_strdup(options->password);
    client->status = g_strdup(options->status);
    g_snprintf(client->id, sizeof(client->id), "convnext-%08x", g_random_int());
    g_unix_open_pipe(client->wake, FD_CLOEXEC, NULL);
    for (guint i = 0; i < 2; i++)
        g_unix_set_fd_nonblocking(client->wake[i], TRUE, NULL);
    g_mutex_init(&client->mutex);
    g_cond_init(&client->ended);
    client->backoff.min_delay = MIN_DELAY_US;
    client->backoff.max_delay = MAX_DELAY_US;
    client->thread = g_thread_new("mqtt", run, g_atomic_rc_box_acquire(client));
    return client;
}

gboolean gst_convnext_mqtt_client_publish(GstConvnextMqttClient *client, const char *topic,
                                          gconstpointer payload, gsize size, gboolean retain,
                                          int *message)
{
    return mosquitto_publish(client->connection, message, topic, (int)size, payload, 1, retain) ==
           MOSQ_ERR_SUCCESS;
}

void gst_convnext_mqtt_client_subscribe(GstConvnextMqttClient *client, const char *topic)
{
    mosquitto_subscribe(client->connection, NULL, topic, 1);
}

void gst_convnext_mqtt_client_wake(GstConvnextMqttClient *client)
{
    if (write(client->wake[1], "", 1) < 0) {
        /* the pipe is full, so the thread will wake */
    }
}

void gst_convnext_mqtt_client_free(GstConvnextMqttClient *client, gint64 timeout)
{
    const gint64 quit = g_get_monotonic_time() + timeout;

    if (!client)
        return;
    g_mutex_lock(&client->mutex);
    client->quit = quit;
    gst_convnext_mqtt_client_wake(client);
    while (!client->has_ended && g_cond_wait_until(&client->ended, &client->mutex, quit)) {
    }
    g_mutex_unlock(&client->mutex);
    g_thread_unref(client->thread);
    client_unref(client);
}

#else

gboolean gst_convnext_mqtt_is_built(void)
{
    return FALSE;
}

GstConvnextMqttClient *gst_convnext_mqtt_client_new(const GstConvnextMqttOptions *options,
                                                    const GstConvnextMqttFuncs *funcs,
                                                    gpointer data)
{
    g_assert_not_reached();
}

gboolean gst_convnext_mqtt_client_publish(GstConvnextMqttClient *client, const char *topic,
                                          gconstpointer payload, gsize size, gboolean retain,
                                          int *message)
{
    return FALSE;
}

void gst_convnext_mqtt_client_subscribe(GstConvnextMqttClient *client, const char *topic) {}

void gst_convnext_mqtt_client_wake(GstConvnextMqttClient *client) {}

void gst_convnext_mqtt_client_free(GstConvnextMqttClient *client, gint64 timeout) {}

#endif
