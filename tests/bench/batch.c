/* The cost of an image in a batch, one after the other, and side by side. The limits of
 * model/serve/batch.h come from these measurements.
 *
 *   bench-batch MODEL [THREADS [ROUNDS [SIZE [PRECISION]]]]
 *
 * MODEL is a checkpoint or the name of a seeded network, SIZE 0 is the model's own, PRECISION is
 * fp32 (default), bf16 or int8. The variants take turns. Prints the fastest and the median time of
 * an image, and their ratios to running one image after the other.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <pthread.h>
#include <stdio.h>

#include "model/network/run.h"
#include "tests/bench/clock.h"
#include "tests/bench/model.h"
#include "tests/fixtures/seeded.h"

#define ROUNDS_MAX 1000
#define RUNS_MAX 64
#define REPEATS 3 /* passes of each run in a round, so that uneven ends of lanes weigh less */

typedef struct Way {
    const char *name;
    guint runs; /* side by side, with threads / runs threads each */
    guint batch;
    CnxRun *run[RUNS_MAX];
    double ms[ROUNDS_MAX]; /* of an image; sorted in the end */
    double median;
} Way;

typedef struct Lane {
    CnxRun *run;
    guint batch;
} Lane;

static void *run_lane(void *data)
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
    const double begin = clock_ms();

    for (guint i = 0; i < way->runs; i++)
        lanes[i] = (Lane){way->run[i], way->batch};
    for (guint i = 1; i < way->runs; i++)
        g_assert_true(pthread_create(&threads[i], NULL, run_lane, &lanes[i]) == 0);
    run_lane(&lanes[0]);
    for (guint i = 1; i < way->runs; i++)
        pthread_join(threads[i], NULL);
    return (clock_ms() - begin) / REPEATS / way->runs / way->batch;
}

static void create_runs(Way *way, CnxModel *model, guint size, guint threads)
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

static void print_way(const Way *way, const Way *first)
{
    printf("  %-28s fastest %8.3f ms (%.3f)  median %8.3f ms (%.3f)  scratch %.1f MB\n", way->name,
           way->ms[0], way->ms[0] / first->ms[0], way->median, way->median / first->median,
           (double)cnx_run_memory(way->run[0]) * way->runs / 1e6);
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
        {.name = "side by side", .batch = 1}, /* runs: one for each thread */
        {.name = "side by side, batches of 4", .batch = 4},
    };

    if (argc < 2) {
        fprintf(stderr, "usage: bench-batch MODEL [THREADS [ROUNDS [SIZE [PRECISION]]]]\n");
        return 2;
    }
    g_autoptr(CnxModel) model =
        bench_open_model(argv[1], argc > 5 ? bench_precision(argv[5]) : CNX_PRECISION_FP32, NULL);
    const CnxConfig *config = cnx_model_config(model);
    const guint size = argc > 4 && atoi(argv[4]) > 0 ? (guint)atoi(argv[4]) : config->recipe.size;

    for (guint i = 0; i < G_N_ELEMENTS(ways); i++) {
        if (ways[i].runs == 0)
            ways[i].runs = threads;
        create_runs(&ways[i], model, size, threads);
        round_ms(&ways[i]);
    }
    for (guint round = 0; round < rounds; round++)
        for (guint i = 0; i < G_N_ELEMENTS(ways); i++)
            ways[i].ms[round] = round_ms(&ways[i]);
    printf("%s, %ux%u, isa level %s, %s, %u threads, %u rounds\n", config->variant, size, size,
           cnx_model_isa(model), cnx_precision_name(cnx_form_precision(cnx_model_form(model))),
           threads, rounds);
    for (guint i = 0; i < G_N_ELEMENTS(ways); i++) {
        ways[i].median = clock_median(ways[i].ms, (int)rounds);
        print_way(&ways[i], &ways[0]);
        for (guint j = 0; j < ways[i].runs; j++)
            cnx_run_free(ways[i].run[j]);
    }
    return 0;
}
