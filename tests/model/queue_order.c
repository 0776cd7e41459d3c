/* The queue that streams share: the order of turns, and cancelling without delaying others.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <pthread.h>

#include "model/serve/batch.h"
#include "model/serve/queue.h"
#include "tests/model/support/asking.h"

#define STREAMS 6

/* The first job of stream 0 keeps the queue busy until the gate opens. */
typedef struct Gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    gboolean reached, open;
    guint order[64], served; /* streams in the order in which they were served */
} Gate;

static Gate gate = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

typedef struct Stream {
    guint number;
    CnxClient *client;
    pthread_t thread;
    guint jobs;
    gboolean cancelled; /* its last job was */
} Stream;

static void wait_at_gate(gpointer data, const CnxOutputs *outputs, guint first, guint n,
                         gint64 microseconds)
{
    pthread_mutex_lock(&gate.lock);
    gate.reached = TRUE;
    pthread_cond_broadcast(&gate.changed);
    while (!gate.open)
        pthread_cond_wait(&gate.changed, &gate.lock);
    pthread_mutex_unlock(&gate.lock);
}

static void serve(gpointer data, const CnxOutputs *outputs, guint first, guint n,
                  gint64 microseconds)
{
    const Stream *stream = data;

    pthread_mutex_lock(&gate.lock);
    gate.order[gate.served++ % G_N_ELEMENTS(gate.order)] = stream->number;
    pthread_mutex_unlock(&gate.lock);
}

static void *stream_main(void *data)
{
    Stream *stream = data;
    const float *image = asking_pictures[stream->number % PICTURES];

    for (guint i = 0; i < stream->jobs; i++) {
        CnxOutputsFn *fn = stream->number == 0 && i == 0 ? wait_at_gate : serve;
        GError *error = NULL;
        const gboolean done =
            cnx_client_run(stream->client, SIDE, SIDE, &image, 1, fn, stream, &error);

        stream->cancelled = g_error_matches(error, CNX_ERROR, CNX_ERROR_CANCELLED);
        g_assert_true(done || stream->cancelled);
        g_clear_error(&error);
    }
    return NULL;
}

static void start_stream(Stream *stream, guint number, guint jobs)
{
    *stream = (Stream){.number = number, .jobs = jobs, .client = asking_client(2)};
    g_assert_true(pthread_create(&stream->thread, NULL, stream_main, stream) == 0);
}

static void stop_stream(Stream *stream)
{
    pthread_join(stream->thread, NULL);
    cnx_client_free(stream->client);
}

static void wait_until_queued(CnxClient *client, guint waiting)
{
    CnxQueueStats stats;

    do {
        g_usleep(1000);
        cnx_client_stats(client, &stats);
    } while (stats.waiting != waiting);
}

/* Starts n streams: stream 0 keeps the queue busy, the others wait in order of their numbers. */
static void line_up(Stream *streams, guint n, guint jobs)
{
    gate.reached = gate.open = FALSE;
    gate.served = 0;
    start_stream(&streams[0], 0, jobs);
    pthread_mutex_lock(&gate.lock);
    while (!gate.reached)
        pthread_cond_wait(&gate.changed, &gate.lock);
    pthread_mutex_unlock(&gate.lock);
    for (guint i = 1; i < n; i++) {
        start_stream(&streams[i], i, 1);
        wait_until_queued(streams[0].client, i);
    }
}

static void open_gate(void)
{
    pthread_mutex_lock(&gate.lock);
    gate.open = TRUE;
    pthread_cond_broadcast(&gate.changed);
    pthread_mutex_unlock(&gate.lock);
}

/* First come, first served, in one batch. A stream that just had its turn goes to the end. */
static void test_order(void)
{
    Stream streams[STREAMS];
    CnxQueueStats before, after;
    CnxClient *observer = asking_client(1);

    line_up(streams, STREAMS, 2);
    g_assert_true(cnx_client_join(observer, SIDE, SIDE, NULL));
    cnx_client_stats(observer, &before);
    g_assert_cmpuint(before.clients, ==, STREAMS + 1);
    open_gate();
    for (guint i = 0; i < STREAMS; i++)
        stop_stream(&streams[i]);
    cnx_client_stats(observer, &after);
    g_assert_cmpuint(gate.served, ==, STREAMS);
    for (guint i = 0; i < STREAMS; i++)
        g_assert_cmpuint(gate.order[i], ==, (i + 1) % STREAMS);
    g_assert_cmpuint(after.images - before.images, ==, STREAMS + 1);
    /* at the gate, the ones that waited, the second one of stream 0 */
    g_assert_cmpuint(after.forwards - before.forwards, <=, 3);
    g_assert_cmpuint(after.clients, ==, 1);
    cnx_client_free(observer);
}

/* As many waiting jobs as a batch has room for go through the network together. */
static void test_full_batch(void)
{
    Stream streams[CNX_BATCH_IMAGES + 1];
    CnxQueueStats before, after;
    CnxClient *observer = asking_client(1);

    line_up(streams, G_N_ELEMENTS(streams), 1);
    g_assert_true(cnx_client_join(observer, SIDE, SIDE, NULL));
    cnx_client_stats(observer, &before);
    open_gate();
    for (guint i = 0; i < G_N_ELEMENTS(streams); i++)
        stop_stream(&streams[i]);
    cnx_client_stats(observer, &after);
    g_assert_cmpuint(after.images - before.images, ==, G_N_ELEMENTS(streams));
    g_assert_cmpuint(after.forwards - before.forwards, ==, 2); /* the first one at the gate */
    cnx_client_free(observer);
}

/* Makes a job take a while. */
static void serve_slowly(gpointer data, const CnxOutputs *outputs, guint first, guint n,
                         gint64 microseconds)
{
    serve(data, outputs, first, n, microseconds);
    g_usleep(500);
}

static void *serve_until(void *data)
{
    Stream *stream = data;
    const float *image = asking_pictures[0];
    guint served;

    do {
        cnx_client_run(stream->client, SIDE, SIDE, &image, 1, serve_slowly, stream, NULL);
        stream->jobs++;
        pthread_mutex_lock(&gate.lock);
        served = gate.served;
        pthread_mutex_unlock(&gate.lock);
    } while (served < 100 * STREAMS);
    return NULL;
}

/* Streams that never pause get equal shares, except for those that the scheduler holds back. */
static void test_fair(void)
{
    Stream streams[STREAMS];
    guint least = G_MAXUINT, most = 0;

    gate.served = 0;
    for (guint i = 0; i < STREAMS; i++) {
        streams[i] = (Stream){.number = i, .client = asking_client(2)};
        g_assert_true(pthread_create(&streams[i].thread, NULL, serve_until, &streams[i]) == 0);
    }
    for (guint i = 0; i < STREAMS; i++) {
        stop_stream(&streams[i]);
        least = MIN(least, streams[i].jobs);
        most = MAX(most, streams[i].jobs);
    }
    g_test_message("jobs of a stream: from %u to %u", least, most);
    g_assert_cmpuint(most, <, 2 * least);
}

/* Streams that are cancelled, at the head of the queue or behind it, do not delay others, and may
 * return later. */
static void test_cancel(void)
{
    Stream streams[STREAMS];
    const guint cancelled[] = {1, 3};
    GError *error = NULL;

    line_up(streams, STREAMS, 1);
    for (guint i = 0; i < G_N_ELEMENTS(cancelled); i++) {
        Stream *stream = &streams[cancelled[i]];

        cnx_client_cancel(stream->client, TRUE);
        pthread_join(stream->thread, NULL); /* although the queue is busy */
        g_assert_true(stream->cancelled);
        g_assert_false(asking(stream->client, 0, 1, &error));
        g_assert_error(error, CNX_ERROR, CNX_ERROR_CANCELLED);
        g_clear_error(&error);
    }
    wait_until_queued(streams[0].client, STREAMS - 3);
    open_gate();
    for (guint i = 0; i < STREAMS; i++)
        if (i != 1 && i != 3)
            stop_stream(&streams[i]);
    g_assert_cmpuint(gate.served, ==, STREAMS - 3);
    g_assert_cmpuint(gate.order[0], ==, 2);
    g_assert_cmpuint(gate.order[1], ==, 4);
    for (guint i = 0; i < G_N_ELEMENTS(cancelled); i++) {
        cnx_client_cancel(streams[cancelled[i]].client, FALSE);
        asking(streams[cancelled[i]].client, 0, 1, &error);
        g_assert_no_error(error);
        cnx_client_free(streams[cancelled[i]].client);
    }
}

/* A short flush still cancels a job that waits. */
static void test_cancel_briefly(void)
{
    Stream streams[3];

    line_up(streams, 3, 1);
    cnx_client_cancel(streams[1].client, TRUE);
    cnx_client_cancel(streams[1].client, FALSE);
    pthread_join(streams[1].thread, NULL); /* although the queue is busy */
    g_assert_true(streams[1].cancelled);
    open_gate();
    stop_stream(&streams[0]);
    stop_stream(&streams[2]);
    g_assert_cmpuint(gate.served, ==, 1);
    cnx_client_free(streams[1].client);
}

/* Each job ends, done or cancelled, however often streams are cancelled while others run. */
static void *run_while_cancelled(void *data)
{
    Stream *stream = data;

    for (guint i = 0; i < 60; i++) {
        GError *error = NULL;

        if (!asking(stream->client, i, 2, &error))
            g_assert_error(error, CNX_ERROR, CNX_ERROR_CANCELLED);
        g_clear_error(&error);
    }
    return NULL;
}

static void test_cancel_often(void)
{
    Stream streams[STREAMS];

    for (guint i = 0; i < STREAMS; i++) {
        streams[i] = (Stream){.number = i, .client = asking_client(2)};
        g_assert_true(pthread_create(&streams[i].thread, NULL, run_while_cancelled, &streams[i]) ==
                      0);
    }
    for (guint i = 0; i < 300; i++) {
        cnx_client_cancel(streams[i % 3].client, i % 2 == 0);
        g_usleep(100);
    }
    for (guint i = 0; i < STREAMS; i++)
        stop_stream(&streams[i]);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    asking_init();
    g_test_add_func("/queue/order", test_order);
    g_test_add_func("/queue/full-batch", test_full_batch);
    g_test_add_func("/queue/fair", test_fair);
    g_test_add_func("/queue/cancel", test_cancel);
    g_test_add_func("/queue/cancel-briefly", test_cancel_briefly);
    g_test_add_func("/queue/cancel-often", test_cancel_often);
    const int status = g_test_run();
    asking_free();
    return status;
}
