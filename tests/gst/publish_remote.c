/* Lines to brokers: the bounds of the queue while there is none, and Kafka, with the mock cluster
 * of librdkafka. tests/pipelines/publish_mqtt.sh has a real MQTT broker.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <string.h>
#ifdef HAVE_RDKAFKA
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#endif

#include "gst/network/mqttclient.h"
#include "gst/publish/remote.h"

#define PATIENCE_US (120 * G_USEC_PER_SEC)

typedef struct Notes {
    GMutex lock;
    GPtrArray *failures, *others; /* of text */
} Notes;

static Notes notes;

static void take_note(const char *note, gboolean is_failure, gpointer data)
{
    g_mutex_lock(&notes.lock);
    g_ptr_array_add(is_failure ? notes.failures : notes.others, g_strdup(note));
    g_mutex_unlock(&notes.lock);
}

static void setup(void)
{
    notes.failures = g_ptr_array_new_with_free_func(g_free);
    notes.others = g_ptr_array_new_with_free_func(g_free);
}

static void teardown(void)
{
    g_ptr_array_unref(notes.failures);
    g_ptr_array_unref(notes.others);
}

static GstConvnextRemote *open_remote(const char *uri)
{
    const GstConvnextRemoteOptions options = {.uri = uri, .stream = "door"};
    g_autoptr(GError) error = NULL;
    GstConvnextRemote *remote = gst_convnext_remote_open(&options, take_note, NULL, &error);

    fail_unless(remote, "%s", error ? error->message : "");
    return remote;
}

static guint count_lost_notes(void)
{
    guint count = 0;

    g_mutex_lock(&notes.lock);
    for (guint i = 0; i < notes.failures->len; i++)
        count += strstr(notes.failures->pdata[i], "results are lost") != NULL;
    g_mutex_unlock(&notes.lock);
    return count;
}

/* No broker: lines beyond the bound are lost, with a note for each doubling; nothing waits. */
GST_START_TEST(test_bounds)
{
    GstConvnextRemoteCounts counts;
    g_autofree char *megabyte = g_strnfill(1 << 20, 'x');

    if (!gst_convnext_mqtt_is_built())
        return;
    GstConvnextRemote *remote = open_remote("mqtt://127.0.0.1:1/x");
    for (guint i = 0; i < GST_CONVNEXT_REMOTE_LINES + 100; i++)
        gst_convnext_remote_send(remote, "line", 4);
    gst_convnext_remote_count(remote, &counts);
    fail_unless_equals_uint64(counts.queued, GST_CONVNEXT_REMOTE_LINES);
    fail_unless_equals_uint64(counts.lost, 100);
    fail_unless_equals_uint64(counts.sent, GST_CONVNEXT_REMOTE_LINES + 100);
    fail_unless_equals_int(count_lost_notes(), 7); /* 1, 2, 4, ... 64 */
    for (guint i = 0; i < 100; i++)
        gst_convnext_remote_send(remote, megabyte, 1 << 20);
    gst_convnext_remote_count(remote, &counts);
    fail_unless(counts.queued <= 64, "%" G_GUINT64_FORMAT " lines", counts.queued);
    fail_unless_equals_uint64(counts.delivered, 0);
    gst_convnext_remote_flush(remote, 1000);
    gst_convnext_remote_close(remote, 0);
    fail_unless(strstr(notes.failures->pdata[notes.failures->len - 1],
                       "results were not delivered before the end and are lost"));
}
GST_END_TEST;

/* A flush that waits for nobody can be interrupted from another thread. */
static gpointer interrupt(gpointer remote)
{
    g_usleep(50 * 1000);
    gst_convnext_remote_interrupt(remote);
    return NULL;
}

GST_START_TEST(test_interrupt)
{
    if (!gst_convnext_mqtt_is_built())
        return;
    GstConvnextRemote *remote = open_remote("mqtt://127.0.0.1:1/x");
    gst_convnext_remote_send(remote, "line", 4);
    GThread *thread = g_thread_new("interrupt", interrupt, remote);
    gst_convnext_remote_flush(remote, G_MAXINT32); /* half an hour */
    g_thread_join(thread);
    gst_convnext_remote_close(remote, 0);
}
GST_END_TEST;

#ifdef HAVE_RDKAFKA

/* A cluster of one broker, whose producer serves nothing else. */
typedef struct Cluster {
    rd_kafka_t *handle;
    rd_kafka_mock_cluster_t *mock;
} Cluster;

static Cluster new_cluster(void)
{
    Cluster cluster;
    char reason[256];

    cluster.handle = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), reason, sizeof reason);
    fail_unless(cluster.handle, "%s", reason);
    cluster.mock = rd_kafka_mock_cluster_new(cluster.handle, 1);
    fail_unless_equals_int(rd_kafka_mock_topic_create(cluster.mock, "results", 3, 1), 0);
    return cluster;
}

static void free_cluster(Cluster *cluster)
{
    rd_kafka_mock_cluster_destroy(cluster->mock);
    rd_kafka_destroy(cluster->handle);
}

/* Reads `count` messages of the topic, and checks that they are "line 0" and so on, in order, with
 * the stream as their key. */
static void expect_messages(const Cluster *cluster, guint count)
{
    const gint64 end = g_get_monotonic_time() + PATIENCE_US;
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
    char reason[256];
    guint seen = 0;

    rd_kafka_conf_set(conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(cluster->mock),
                      NULL, 0);
    rd_kafka_conf_set(conf, "group.id", "test", NULL, 0);
    rd_kafka_conf_set(conf, "auto.offset.reset", "earliest", NULL, 0);
    rd_kafka_t *consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, reason, sizeof reason);
    fail_unless(consumer, "%s", reason);
    rd_kafka_topic_partition_list_add(topics, "results", RD_KAFKA_PARTITION_UA);
    rd_kafka_subscribe(consumer, topics);
    while (seen < count && g_get_monotonic_time() < end) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, 100);

        if (message && !message->err) {
            g_autofree char *expected = g_strdup_printf("line %u", seen++);

            fail_unless(message->len == strlen(expected) &&
                            !memcmp(message->payload, expected, message->len),
                        "expected %s", expected);
            fail_unless(message->key_len == 4 && !memcmp(message->key, "door", 4));
        }
        if (message)
            rd_kafka_message_destroy(message);
    }
    fail_unless_equals_int(seen, count);
    rd_kafka_topic_partition_list_destroy(topics);
    rd_kafka_consumer_close(consumer);
    rd_kafka_destroy(consumer);
}

static void send_lines(GstConvnextRemote *remote, guint from, guint count)
{
    for (guint i = from; i < from + count; i++) {
        g_autofree char *line = g_strdup_printf("line %u", i);

        gst_convnext_remote_send(remote, line, strlen(line));
    }
}

/* Lines arrive in order, each once, also those that were sent while the broker was down. */
GST_START_TEST(test_kafka)
{
    Cluster cluster = new_cluster();
    g_autofree char *uri =
        g_strdup_printf("kafka://%s/results", rd_kafka_mock_cluster_bootstraps(cluster.mock));
    GstConvnextRemote *remote = open_remote(uri);
    GstConvnextRemoteCounts counts;

    send_lines(remote, 0, 100);
    gst_convnext_remote_flush(remote, PATIENCE_US);
    gst_convnext_remote_count(remote, &counts);
    fail_unless_equals_uint64(counts.delivered, 100);
    fail_unless_equals_uint64(counts.queued + counts.lost, 0);
    rd_kafka_mock_broker_set_down(cluster.mock, 1);
    send_lines(remote, 100, 100);
    gst_convnext_remote_flush(remote, G_USEC_PER_SEC / 10);
    gst_convnext_remote_count(remote, &counts);
    fail_unless_equals_uint64(counts.queued, 100);
    rd_kafka_mock_broker_set_up(cluster.mock, 1);
    gst_convnext_remote_flush(remote, PATIENCE_US);
    gst_convnext_remote_count(remote, &counts);
    fail_unless_equals_uint64(counts.delivered, 200);
    gst_convnext_remote_close(remote, PATIENCE_US);
    expect_messages(&cluster, 200);
    free_cluster(&cluster);
}
GST_END_TEST;

/* A broker that is down at the end: the lines are lost, with a note, and nothing hangs. */
GST_START_TEST(test_kafka_down)
{
    Cluster cluster = new_cluster();
    g_autofree char *uri =
        g_strdup_printf("kafka://%s/results", rd_kafka_mock_cluster_bootstraps(cluster.mock));

    rd_kafka_mock_broker_set_down(cluster.mock, 1);
    GstConvnextRemote *remote = open_remote(uri);
    send_lines(remote, 0, 10);
    gst_convnext_remote_close(remote, G_USEC_PER_SEC / 10);
    fail_unless(strstr(notes.failures->pdata[notes.failures->len - 1],
                       "10 results were not delivered before the end and are lost"));
    free_cluster(&cluster);
}
GST_END_TEST;

#endif

static Suite *publish_remote_suite(void)
{
    Suite *suite = suite_create("publish_remote");
    TCase *tc = tcase_create("remote");

    suite_add_tcase(suite, tc);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_bounds);
    tcase_add_test(tc, test_interrupt);
#ifdef HAVE_RDKAFKA
    tcase_add_test(tc, test_kafka);
    tcase_add_test(tc, test_kafka_down);
#endif
    return suite;
}

GST_CHECK_MAIN(publish_remote)
