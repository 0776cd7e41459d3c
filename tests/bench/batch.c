/* What the rule in model/serve/queue.c stands on: what an image costs in a batch, one after the
 * other, and side by side.
 *
 *   bench-batch MODEL [THREADS [ROUNDS [SIZE]]]
 *
 * MODEL is a checkpoint, or the name of a seeded network. The ways take turns. Prints the fastest
 * and the median milliseconds of an image, and their ratio to one image after the other.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "model/network/run.h"
#include "tests/fixtures/seeded.h"

#define ROUNDS_MAX 1000
#define RUNS_MAX 64
#define REPEATS 3 /* forwards of each run in one round: the ends of side by side weigh less */

typedef struct Way {
    const char *name;
    guint runs; /* side by side, each of threads / runs threads */
    guint batch;
    CnxRun *run[RUNS_MAX];
    double ms[ROUNDS_MAX]; /* of an image */
} Way;

typedef struct Lane {
    CnxRun *run;
    guint batch;
} Lane;

static void *drive(void *data)
{
    const Lane *lane = data;

    for (guint i = 0; i < REPEATS; i++)
        cnx_run_forward(lane->run, lane->batch);
    return NULL;
}

static double round_ms(const Way *way)
{
    Lane lanes[RUNS_MAX];
    pthread_t threads[RUNS_MAX];
    const gint64 start = g_get_monotonic_time();

    for (guint i = 0; i < way->runs; i++)
        lanes[i] = (Lane){way->run[i], way->batch};
    for (guint i = 1; i < way->runs; i++)
        g_assert_true(pthread_create(&threads[i], NULL, drive, &lanes[i]) == 0);
    drive(&lanes[0]);
    for (guint i = 1; i < way->runs; i++)
        pthread_join(threads[i], NULL);
    return (double)(g_get_monotonic_time() - start) / 1000 / REPEATS / way->runs / way->batch;
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static CnxModel *open_model(const char *name)
{
    GError *error = NULL;
    CnxModel *model;
    char *path = NULL;

    for (guint i = 0; i < SEEDED_NETWORKS; i++) {
        if (!g_str_equal(seeded_networks[i].name, name))
            continue;
        path = g_strdup_printf("%s/%s-%d.safetensors", g_get_tmp_dir(), name, (int)getpid());
        if (!seeded_checkpoint(path, &seeded_networks[i], &error))
            g_error("%s", error->message);
    }
    model = cnx_model_open(path ? path : name, CNX_WEIGHT_SET_AUTO, &error);
    if (path)
        g_remove(path);
    g_free(path);
    if (!model)
        g_error("%s", error->message);
    return model;
}

static void plan(Way *way, CnxModel *model, guint size, guint threads)
{
    GError *error = NULL;

    for (guint i = 0; i < way->runs; i++) {
        way->run[i] = cnx_run_new(model, size, size, way->batch, CNX_OUTPUT_LOGITS,
                                  MAX(threads / way->runs, 1), &error);
        if (!way->run[i])
            g_error("%s", error->message);
        for (guint j = 0; j < way->batch; j++)
            seeded_input(cnx_run_input(way->run[i], j), "bench", size, size);
    }
}

int main(int argc, char **argv)
{
    const guint threads = argc > 2 ? (guint)CLAMP(atoi(argv[2]), 1, RUNS_MAX) : 2;
    const guint rounds = argc > 3 ? (guint)CLAMP(atoi(argv[3]), 1, ROUNDS_MAX) : 15;
    static Way ways[] = {
        {.name = "one after the other", .runs = 1, .batch = 1},
        {.name = "batch of 2", .runs = 1, .batch = 2},
        {.name = "batch of 4", .runs = 1, .batch = 4},
        {.name = "batch of 8", .runs = 1, .batch = 8},
        {.name = "side by side", .batch = 1},
        {.name = "side by side, batches of 4", .batch = 4},
    };

    if (argc < 2) {
        fprintf(stderr, "usage: bench-batch MODEL [THREADS [ROUNDS [SIZE]]]\n");
        return 2;
    }
    CnxModel *model = open_model(argv[1]);
    const CnxConfig *config = cnx_model_config(model);
    const guint size = argc > 4 ? (guint)atoi(argv[4]) : config->recipe.size;

    for (guint i = 0; i < G_N_ELEMENTS(ways); i++) {
        if (ways[i].runs == 0)
            ways[i].runs = threads;
        plan(&ways[i], model, size, threads);
        round_ms(&ways[i]);
    }
    for (guint round = 0; round < rounds; round++)
        for (guint i = 0; i < G_N_ELEMENTS(ways); i++)
            ways[i].ms[round] = round_ms(&ways[i]);
    printf("%s, %ux%u, level %s, %u threads, %u rounds\n", config->variant, size, size,
           cnx_model_isa(model), threads, rounds);
    for (guint i = 0; i < G_N_ELEMENTS(ways); i++) {
        qsort(ways[i].ms, rounds, sizeof *ways[i].ms, compare_doubles);
        printf("  %-28s fastest %8.3f ms (%.3f)  median %8.3f ms (%.3f)  scratch %.1f MB\n",
               ways[i].name, ways[i].ms[0], ways[i].ms[0] / ways[0].ms[0], ways[i].ms[rounds / 2],
               ways[i].ms[rounds / 2] / ways[0].ms[rounds / 2],
               (double)cnx_run_memory(ways[i].run[0]) * ways[i].runs / 1e6);
        for (guint j = 0; j < ways[i].runs; j++)
            cnx_run_free(ways[i].run[j]);
    }
    cnx_model_unref(model);
    return 0;
}
