/* The queue that streams share: correct outputs from one arena, and no leaks.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/serve/queue.h"

#include <pthread.h>

#include "model/threads/cpus.h"
#include "model/threads/threads.h"
#include "tests/model/support/asking.h"

#define STREAMS 6

static CnxModel *model;

static void *run_jobs(void *data)
{
    g_autoptr(CnxClient) client = asking_client(1 + GPOINTER_TO_UINT(data) % 3);
    GError *error = NULL;

    for (guint i = 0; i < 40; i++) {
        asking(client, i, 1 + (i + GPOINTER_TO_UINT(data)) % 4, &error);
        g_assert_no_error(error);
    }
    return NULL;
}

/* Many streams, jobs of several sizes, a changing number of threads. */
static void test_outputs(void)
{
    pthread_t threads[STREAMS];

    for (guint i = 0; i < STREAMS; i++)
        g_assert_true(pthread_create(&threads[i], NULL, run_jobs, GUINT_TO_POINTER(i)) == 0);
    for (guint i = 0; i < STREAMS; i++)
        pthread_join(threads[i], NULL);
    g_assert_cmpuint(cnx_threads_workers(), ==, 0);
}

/* A job with more images than a batch has room for. */
static void test_large_job(void)
{
    g_autoptr(CnxClient) client = asking_client(2);
    CnxQueueStats stats;
    GError *error = NULL;

    asking(client, 3, 3 * CNX_BATCH_IMAGES + 1, &error);
    g_assert_no_error(error);
    cnx_client_stats(client, &stats);
    g_assert_cmpuint(stats.forwards, ==, 4);
    g_assert_cmpuint(stats.images, ==, 3 * CNX_BATCH_IMAGES + 1);
}

/* One arena for any number of clients, with the largest number of threads that one requests. */
static void test_one_arena(void)
{
    CnxClient *clients[64];
    CnxQueueStats one, all;

    for (guint i = 0; i < G_N_ELEMENTS(clients); i++) {
        clients[i] = asking_client(i == 40 ? 3 : 1);
        g_assert_true(cnx_client_join(clients[i], SIDE, SIDE, NULL));
        if (i == 0)
            cnx_client_stats(clients[0], &one);
    }
    cnx_client_stats(clients[0], &all);
    g_assert_cmpuint(one.threads, ==, 1);
    g_assert_cmpuint(all.threads, ==, 3);
    g_assert_cmpuint(all.clients, ==, G_N_ELEMENTS(clients));
    g_assert_cmpuint(one.memory, >, 0);
    g_assert_cmpuint(all.memory, ==, one.memory);
    cnx_client_leave(clients[40]);
    cnx_client_stats(clients[0], &all);
    g_assert_cmpuint(all.threads, ==, 1);
    cnx_client_stats(clients[40], &all);
    g_assert_cmpuint(all.memory, ==, 0);
    for (guint i = 0; i < G_N_ELEMENTS(clients); i++)
        cnx_client_free(clients[i]);
    g_assert_cmpuint(cnx_threads_workers(), ==, 0);
}

static void count_pixels(gpointer data, const CnxOutputs *outputs, guint first, guint n,
                         gint64 microseconds)
{
    *(guint *)data = outputs->stage[0].height * outputs->stage[0].width;
}

/* Other outputs and other sizes have queues of their own. A client may move between queues. */
static void test_separate_queues(void)
{
    g_autoptr(CnxClient) logits = asking_client(1);
    g_autoptr(CnxClient) maps = cnx_client_new(model, CNX_OUTPUT_STAGE1, 1);
    const float *image = asking_pictures[0];
    CnxQueueStats stats;
    GError *error = NULL;
    guint pixels = 0;

    asking(logits, 0, 1, &error);
    g_assert_no_error(error);
    cnx_client_run(maps, SIDE, SIDE, &image, 1, count_pixels, &pixels, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(pixels, ==, SIDE / 4 * SIDE / 4);
    cnx_client_run(maps, SIDE, SIDE / 2, &image, 1, count_pixels, &pixels, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(pixels, ==, SIDE / 4 * SIDE / 8);
    cnx_client_stats(logits, &stats);
    g_assert_cmpuint(stats.clients, ==, 1);
    g_assert_cmpuint(stats.images, ==, 1);
}

/* A client created while processors are pinned uses all of them once they are not. */
static void test_pinned(void)
{
    g_autoptr(CnxClient) client = NULL;
    const guint available = cnx_cpus_available();
    CnxCpusPin *pin = NULL;
    CnxQueueStats stats;
    GError *error = NULL;

    for (guint cpu = 0; !pin && cpu < 1024; cpu++) {
        g_autofree char *list = g_strdup_printf("%u", cpu);

        pin = cnx_cpus_pin(list, NULL);
    }
    client = asking_client(0);
    asking(client, 0, 1, &error);
    g_assert_no_error(error);
    cnx_client_stats(client, &stats);
    g_assert_cmpuint(stats.threads, ==, 1);
    cnx_cpus_unpin(pin);
    asking(client, 0, 1, &error);
    g_assert_no_error(error);
    cnx_client_stats(client, &stats);
    g_assert_cmpuint(stats.threads, ==, available);
}

static void test_no_memory(void)
{
    g_autoptr(CnxClient) client = asking_client(1);
    CnxQueueStats stats;
    GError *error = NULL;

    g_assert_false(cnx_client_join(client, 1 << 24, 1 << 24, &error));
    g_assert_error(error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY);
    g_clear_error(&error);
    cnx_client_stats(client, &stats);
    g_assert_cmpuint(stats.clients, ==, 0);
    asking(client, 0, 1, &error);
    g_assert_no_error(error);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    model = asking_init();
    g_test_add_func("/queue/outputs", test_outputs);
    g_test_add_func("/queue/large-job", test_large_job);
    g_test_add_func("/queue/one-arena", test_one_arena);
    g_test_add_func("/queue/separate-queues", test_separate_queues);
    g_test_add_func("/queue/pinned", test_pinned);
    g_test_add_func("/queue/no-memory", test_no_memory);
    const int status = g_test_run();
    asking_free();
    return status;
}
