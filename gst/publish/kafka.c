/* Lines to a Kafka topic. librdkafka has threads of its own that connect and send; it keeps lines
 * in order and sends none twice (enable.idempotence).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "gst/publish/remote.h"

#ifdef HAVE_RDKAFKA

#include <librdkafka/rdkafka.h>

#define SCHEME "kafka://"
#define MAX_TOPIC 249 /* characters; Kafka's limit */

typedef struct KafkaLines {
    rd_kafka_t *producer;
    char *brokers, *topic;
    char *key; /* or NULL */
    GstConvnextRemoteNote *note;
    gpointer data;
    gboolean has_failed; /* noted; of the thread that polls */

    GMutex mutex; /* for: */
    guint64 delivered, lost, queued;
} KafkaLines;

static void free_lines(KafkaLines *self)
{
    g_mutex_clear(&self->mutex);
    g_free(self->brokers);
    g_free(self->topic);
    g_free(self->key);
    g_free(self);
}

/* Callbacks, in the thread that calls rd_kafka_poll() */

static void on_delivered(rd_kafka_t *producer, const rd_kafka_message_t *message, void *data)
{
    KafkaLines *self = data;

    g_mutex_lock(&self->mutex);
    self->queued--;
    if (message->err)
        self->lost++;
    else
        self->delivered++;
    g_mutex_unlock(&self->mutex);
    if (message->err || !self->has_failed)
        return;
    g_autofree char *note = g_strdup_printf(SCHEME "%s: connected", self->brokers);
    self->has_failed = FALSE;
    self->note(note, FALSE, self->data);
}

static void on_error(rd_kafka_t *producer, int code, const char *reason, void *data)
{
    KafkaLines *self = data;

    if (self->has_failed)
        return;
    g_autofree char *note = g_strdup_printf(SCHEME "%s: %s; results wait until it answers",
                                            self->brokers, rd_kafka_err2str(code));
    self->has_failed = TRUE;
    self->note(note, TRUE, self->data);
}

/* The element's side */

/* The brokers, HOST[:PORT] joined by commas. */
static gboolean are_brokers(const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, ",", -1);

    for (guint i = 0; words[i]; i++) {
        g_autofree char *uri = g_strconcat(SCHEME, words[i], NULL);
        g_autoptr(GUri) parsed = g_uri_parse(uri, G_URI_FLAGS_NONE, NULL);

        if (!parsed || !g_uri_get_host(parsed) || !*g_uri_get_host(parsed) ||
            g_uri_get_userinfo(parsed) || g_uri_get_port(parsed) == 0 || *g_uri_get_path(parsed))
            return FALSE;
    }
    return words[0] != NULL;
}

static gboolean is_topic(const char *text)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

    return *text && strlen(text) <= MAX_TOPIC && strspn(text, allowed) == strlen(text) &&
           strcmp(text, ".") != 0 && strcmp(text, "..") != 0;
}

static const char *find_fault(const GstConvnextRemoteOptions *options, const KafkaLines *self)
{
    if (!are_brokers(self->brokers))
        return "uri: expected kafka://HOST[:PORT][,HOST[:PORT]...]/TOPIC, without credentials";
    if (!*self->topic)
        return "uri has no topic: expected kafka://HOST[:PORT]/TOPIC";
    if (!is_topic(self->topic))
        return "the topic in uri is no name of a Kafka topic: at most 249 characters of a-z, A-Z, "
               "0-9, ., _ and -";
    if (options->credentials_file || options->ca_file)
        return "kafka:// takes neither credentials-file nor ca-file";
    return NULL;
}

static gboolean set_options(rd_kafka_conf_t *conf, const KafkaLines *self, GError **error)
{
    g_autofree char *lines = g_strdup_printf("%d", GST_CONVNEXT_REMOTE_LINES);
    g_autofree char *kilobytes = g_strdup_printf("%d", GST_CONVNEXT_REMOTE_BYTES / 1024);
    const char *const options[][2] = {
        {"bootstrap.servers", self->brokers},
        {"enable.idempotence", "true"},
        {"queue.buffering.max.messages", lines},
        {"queue.buffering.max.kbytes", kilobytes},
        {"message.timeout.ms", "0"}, /* for ever: the queue is the limit */
        {"linger.ms", "5"},
        {"log_level", "0"},
    };
    char reason[512];

    for (guint i = 0; i < G_N_ELEMENTS(options); i++)
        if (rd_kafka_conf_set(conf, options[i][0], options[i][1], reason, sizeof reason) !=
            RD_KAFKA_CONF_OK) {
            g_set_error(error, G_URI_ERROR, G_URI_ERROR_FAILED, "librdkafka: %s", reason);
            return FALSE;
        }
    rd_kafka_conf_set_opaque(conf, (void *)self);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivered);
    rd_kafka_conf_set_error_cb(conf, on_error);
    return TRUE;
}

static gboolean start(KafkaLines *self, GError **error)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char reason[512] = "";

    if (!set_options(conf, self, error)) {
        rd_kafka_conf_destroy(conf);
        return FALSE;
    }
    self->producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof reason); /* takes conf */
    if (self->producer)
        return TRUE;
    g_set_error(error, G_URI_ERROR, G_URI_ERROR_FAILED, "librdkafka: %s", reason);
    rd_kafka_conf_destroy(conf);
    return FALSE;
}

static gpointer open_lines(const GstConvnextRemoteOptions *options, GstConvnextRemoteNote *note,
                           gpointer data, GError **error)
{
    const char *brokers = options->uri + strlen(SCHEME);
    const gsize length = strcspn(brokers, "/?#");
    KafkaLines *self = g_new0(KafkaLines, 1);
    const char *fault;

    self->brokers = g_strndup(brokers, length);
    self->topic = g_strdup(brokers[length] ? brokers + length + 1 : "");
    self->key = g_strdup(options->stream);
    self->note = note;
    self->data = data;
    g_mutex_init(&self->mutex);
    fault = find_fault(options, self);
    if (fault)
        g_set_error_literal(error, G_URI_ERROR, G_URI_ERROR_FAILED, fault);
    if (!fault && start(self, error))
        return self;
    free_lines(self);
    return NULL;
}

static void send_line(gpointer data, const char *line, gsize size)
{
    KafkaLines *self = data;
    rd_kafka_resp_err_t result;

    g_mutex_lock(&self->mutex);
    self->queued++;
    g_mutex_unlock(&self->mutex);
    result = rd_kafka_producev(self->producer, RD_KAFKA_V_TOPIC(self->topic),
                               RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                               RD_KAFKA_V_KEY(self->key, self->key ? strlen(self->key) : 0),
                               RD_KAFKA_V_VALUE((void *)line, size), RD_KAFKA_V_END);
    if (result != RD_KAFKA_RESP_ERR_NO_ERROR) {
        g_mutex_lock(&self->mutex);
        self->queued--;
        self->lost++;
        g_mutex_unlock(&self->mutex);
    }
    rd_kafka_poll(self->producer, 0);
}

static void count(gpointer data, GstConvnextRemoteCounts *counts)
{
    KafkaLines *self = data;

    rd_kafka_poll(self->producer, 0);
    g_mutex_lock(&self->mutex);
    counts->delivered = self->delivered;
    counts->lost = self->lost;
    counts->queued = self->queued;
    g_mutex_unlock(&self->mutex);
}

static guint64 close_lines(gpointer data, gint64 timeout)
{
    KafkaLines *self = data;
    GstConvnextRemoteCounts counts;

    if (!self->has_failed)
        rd_kafka_flush(self->producer, (int)MIN(timeout / 1000, G_MAXINT));
    count(self, &counts);
    rd_kafka_purge(self->producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_destroy(self->producer);
    free_lines(self);
    return counts.queued;
}

#else

static gpointer open_lines(const GstConvnextRemoteOptions *options, GstConvnextRemoteNote *note,
                           gpointer data, GError **error)
{
    g_set_error_literal(error, G_URI_ERROR, G_URI_ERROR_FAILED,
                        "uri: this build has no Kafka: build with librdkafka-dev and "
                        "-Dkafka=enabled");
    return NULL;
}

static void send_line(gpointer data, const char *line, gsize size) {}

static void count(gpointer data, GstConvnextRemoteCounts *counts) {}

static guint64 close_lines(gpointer data, gint64 timeout)
{
    return 0;
}

#endif

const GstConvnextRemoteKind gst_convnext_kafka_lines = {open_lines, send_line, count, close_lines};
