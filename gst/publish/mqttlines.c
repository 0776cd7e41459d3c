/* Lines to an MQTT topic, with quality of service 1: a line that was not acknowledged when the
 * connection was lost is sent again.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "gst/network/mqttclient.h"
#include "gst/network/place.h"
#include "gst/publish/remote.h"

#define MAX_TOPIC 65535     /* bytes; the protocol's limit */
#define MAX_IN_FLIGHT 100   /* lines that libmosquitto has a copy of */
#define MAX_LINE 268435455u /* bytes; the protocol's limit */

typedef struct Line {
    GBytes *bytes;
    int message; /* number of a line that was sent */
} Line;

typedef struct MqttLines { /* the client and the element have a reference each */
    GstConvnextMqttClient *client;
    GstConvnextRemoteNote *note;
    gpointer data;
    char *place, *topic;

    GMutex mutex;     /* for: */
    GQueue in_flight; /* of Line: sent, not acknowledged; oldest first */
    GQueue waiting;   /* of Line: likewise, not sent */
    gsize bytes;      /* of both */
    guint64 delivered, lost;
} MqttLines;

static void free_line(gpointer data)
{
    Line *line = data;

    g_bytes_unref(line->bytes);
    g_free(line);
}

static void clear_lines(gpointer data)
{
    MqttLines *self = data;

    g_queue_clear_full(&self->in_flight, free_line);
    g_queue_clear_full(&self->waiting, free_line);
    g_mutex_clear(&self->mutex);
    g_free(self->place);
    g_free(self->topic);
}

static void unref_lines(gpointer self)
{
    g_atomic_rc_box_release_full(self, clear_lines);
}

/* In the client's thread */

/* The broker may not have got what was in flight at the last connection. */
static void on_connected(GstConvnextMqttClient *client, gpointer data)
{
    MqttLines *self = data;
    Line *line;

    g_mutex_lock(&self->mutex);
    while ((line = g_queue_pop_tail(&self->in_flight)))
        g_queue_push_head(&self->waiting, line);
    g_mutex_unlock(&self->mutex);
}

static gboolean send_waiting(GstConvnextMqttClient *client, gpointer data)
{
    MqttLines *self = data;
    gboolean is_fine = TRUE;
    Line *line;

    g_mutex_lock(&self->mutex);
    while (is_fine && self->in_flight.length < MAX_IN_FLIGHT &&
           (line = g_queue_peek_head(&self->waiting))) {
        gsize size;
        const void *bytes = g_bytes_get_data(line->bytes, &size);

        is_fine = gst_convnext_mqtt_client_publish(client, self->topic, bytes, size, FALSE,
                                                   &line->message);
        if (is_fine)
            g_queue_push_tail(&self->in_flight, g_queue_pop_head(&self->waiting));
    }
    g_mutex_unlock(&self->mutex);
    return is_fine;
}

static void take_line(MqttLines *self, GQueue *queue, GList *link)
{
    Line *line = link->data;

    self->bytes -= g_bytes_get_size(line->bytes);
    g_queue_delete_link(queue, link);
    free_line(line);
}

static void on_acknowledged(int message, gpointer data)
{
    MqttLines *self = data;

    g_mutex_lock(&self->mutex);
    for (GList *link = self->in_flight.head; link; link = link->next) {
        if (((Line *)link->data)->message != message)
            continue;
        take_line(self, &self->in_flight, link);
        self->delivered++;
        break;
    }
    const gboolean has_waiting = self->waiting.length > 0;
    g_mutex_unlock(&self->mutex);
    if (has_waiting)
        gst_convnext_mqtt_client_wake(self->client);
}

static gboolean is_done(gpointer data)
{
    MqttLines *self = data;

    g_mutex_lock(&self->mutex);
    const gboolean is_done = self->in_flight.length == 0 && self->waiting.length == 0;
    g_mutex_unlock(&self->mutex);
    return is_done;
}

static void on_failed(const char *reason, gpointer data)
{
    MqttLines *self = data;
    g_autofree char *note =
        g_strdup_printf("%s: %s; results wait until it answers", self->place, reason);

    self->note(note, TRUE, self->data);
}

static void on_settled(gpointer data)
{
    MqttLines *self = data;
    g_autofree char *note = g_strdup_printf("%s: connected", self->place);

    self->note(note, FALSE, self->data);
}

static const GstConvnextMqttFuncs funcs = {.connected = on_connected,
                                           .send = send_waiting,
                                           .acknowledged = on_acknowledged,
                                           .is_done = is_done,
                                           .failed = on_failed,
                                           .settled = on_settled,
                                           .free_data = unref_lines};

/* The element's side */

/* NULL if the topic is fine, otherwise what is wrong with it. */
static const char *find_fault(const char *topic)
{
    if (!*topic)
        return "uri has no topic: expected mqtt://HOST[:PORT]/TOPIC";
    if (strpbrk(topic, "+#"))
        return "the topic in uri has + or #, which only subscribers use";
    if (*topic == '$')
        return "the topic in uri begins with $, which brokers reserve";
    if (strlen(topic) > MAX_TOPIC)
        return "the topic in uri has more than 65535 bytes";
    for (; *topic; topic++)
        if (g_ascii_iscntrl(*topic))
            return "the topic in uri has a control character";
    return NULL;
}

static MqttLines *new_lines(const GstConvnextMqttPlace *place,
                            const GstConvnextMqttOptions *options, GstConvnextRemoteNote *note,
                            gpointer data)
{
    MqttLines *self = g_atomic_rc_box_new0(MqttLines);

    self->note = note;
    self->data = data;
    self->place = g_strdup(place->text);
    self->topic = g_strdup(place->path);
    g_mutex_init(&self->mutex);
    g_queue_init(&self->in_flight);
    g_queue_init(&self->waiting);
    self->client = gst_convnext_mqtt_client_new(options, &funcs, g_atomic_rc_box_acquire(self));
    return self;
}

static gboolean check(const GstConvnextMqttPlace *place, const GstConvnextRemoteOptions *options,
                      GError **error)
{
    const char *fault = find_fault(place->path);

    if (!gst_convnext_mqtt_is_built())
        fault = "uri: this build has no MQTT: build with libmosquitto-dev and -Dmqtt=enabled";
    else if (options->ca_file && !place->has_tls)
        fault = "ca-file needs an mqtts:// URI in uri";
    if (fault)
        g_set_error_literal(error, G_URI_ERROR, G_URI_ERROR_FAILED, fault);
    return !fault && (!options->ca_file || gst_convnext_ca_check(options->ca_file, error));
}

static gpointer open_lines(const GstConvnextRemoteOptions *options, GstConvnextRemoteNote *note,
                           gpointer data, GError **error)
{
    GstConvnextMqttPlace place;
    g_autofree char *user = NULL, *password = NULL;
    MqttLines *self = NULL;

    if (!gst_convnext_mqtt_place_parse(&place, options->uri)) {
        g_set_error_literal(error, G_URI_ERROR, G_URI_ERROR_FAILED,
                            "uri: expected mqtt://HOST[:PORT]/TOPIC or mqtts://HOST[:PORT]/TOPIC, "
                            "without credentials, which belong in credentials-file, without ? and "
                            "without #");
        return NULL;
    }
    if (check(&place, options, error) &&
        (!options->credentials_file ||
         gst_convnext_login_read(options->credentials_file, &user, &password, error))) {
        const GstConvnextMqttOptions client = {.host = place.host,
                                               .port = place.port,
                                               .has_tls = place.has_tls,
                                               .ca_file = options->ca_file,
                                               .user = user,
                                               .password = password};

        self = new_lines(&place, &client, note, data);
    }
    gst_convnext_mqtt_place_clear(&place);
    return self;
}

/* The oldest lines give way: after an outage the newest results count. */
static void make_room(MqttLines *self, gsize size)
{
    while (self->waiting.length > 0 &&
           (self->waiting.length + self->in_flight.length >= GST_CONVNEXT_REMOTE_LINES ||
            self->bytes + size > GST_CONVNEXT_REMOTE_BYTES)) {
        take_line(self, &self->waiting, self->waiting.head);
        self->lost++;
    }
}

static void send_line(gpointer data, const char *line, gsize size)
{
    MqttLines *self = data;
    Line *queued;

    g_mutex_lock(&self->mutex);
    make_room(self, size);
    if (size > MAX_LINE || self->bytes + size > GST_CONVNEXT_REMOTE_BYTES) {
        self->lost++;
    } else {
        queued = g_new0(Line, 1);
        queued->bytes = g_bytes_new(line, size);
        g_queue_push_tail(&self->waiting, queued);
        self->bytes += size;
    }
    g_mutex_unlock(&self->mutex);
    gst_convnext_mqtt_client_wake(self->client);
}

static void count(gpointer data, GstConvnextRemoteCounts *counts)
{
    MqttLines *self = data;

    g_mutex_lock(&self->mutex);
    counts->delivered = self->delivered;
    counts->lost = self->lost;
    counts->queued = self->in_flight.length + self->waiting.length;
    g_mutex_unlock(&self->mutex);
}

static guint64 close_lines(gpointer data, gint64 timeout)
{
    MqttLines *self = data;
    GstConvnextRemoteCounts counts;

    gst_convnext_mqtt_client_free(self->client, timeout);
    count(self, &counts);
    unref_lines(self);
    return counts.queued;
}

const GstConvnextRemoteKind gst_convnext_mqtt_lines = {open_lines, send_line, count, close_lines};
