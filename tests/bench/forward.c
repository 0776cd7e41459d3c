/* Times the forward pass: bench-forward MODEL [THREADS [REPEATS [SIZE [PRECISION]]]]
 *
 * MODEL is a checkpoint or the name of a seeded network, SIZE 0 is the model's own, PRECISION is
 * fp32 (default), bf16 or int8. Prints the time to load the model and the median and fastest time
 * of a frame. With CONVNEXT_CPU=c the same network runs through OpenBLAS with separate passes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "model/network/run.h"
#include "tests/bench/clock.h"
#include "tests/bench/model.h"
#include "tests/fixtures/seeded.h"

static double forward_ms(CnxRun *run)
{
    const double begin = clock_ms();

    cnx_run_forward(run, 1);
    return clock_ms() - begin;
}

int main(int argc, char **argv)
{
    g_autoptr(CnxModel) model = NULL;
    g_autoptr(CnxRun) run = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree double *times = NULL;
    const guint threads = argc > 2 ? (guint)atoi(argv[2]) : 1;
    const int repeats = argc > 3 ? MAX(atoi(argv[3]), 1) : 21;
    double load;

    if (argc < 2) {
        fprintf(stderr, "usage: bench-forward MODEL [THREADS [REPEATS [SIZE [PRECISION]]]]\n");
        return 2;
    }
    model =
        bench_open_model(argv[1], argc > 5 ? bench_precision(argv[5]) : CNX_PRECISION_FP32, &load);

    const CnxConfig *config = cnx_model_config(model);
    const guint size = argc > 4 && atoi(argv[4]) > 0 ? (guint)atoi(argv[4]) : config->recipe.size;

    run = cnx_run_new(model, size, size, 1, CNX_OUTPUT_LOGITS, threads, &error);
    if (!run) {
        fprintf(stderr, "%s\n", error->message);
        return 1;
    }
    seeded_input(cnx_run_input(run, 0), "bench", size, size);
    forward_ms(run);
    times = g_new(double, repeats);
    for (int i = 0; i < repeats; i++)
        times[i] = forward_ms(run);

    const double median = clock_median(times, repeats);

    printf("%s, %ux%u, isa level %s, %s, %u threads: load %.1f ms, frame median %.3f ms, "
           "fastest %.3f ms; weights %.1f MB, scratch %.1f MB\n",
           config->variant, size, size, cnx_model_isa(model),
           cnx_precision_name(cnx_form_precision(cnx_model_form(model))), threads, load, median,
           times[0], (double)cnx_model_memory(model) / 1e6, (double)cnx_run_memory(run) / 1e6);
    return 0;
}
