/* Times the forward pass: bench-forward MODEL [THREADS [REPEATS [SIZE]]]
 *
 * MODEL is a checkpoint, or the name of a seeded network (timm-convnext_atto,
 * torchvision-convnext_tiny, ...). Prints the medians of loading and of one frame. CONVNEXT_CPU=c
 * is the same network through OpenBLAS with separate passes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "model/network/run.h"
#include "tests/fixtures/seeded.h"

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* A seeded network is written to a temporary file, *temporary, which the caller deletes. */
static const char *find_model(const char *name, char **temporary)
{
    GError *error = NULL;

    for (guint i = 0; i < SEEDED_NETWORKS; i++) {
        if (!g_str_equal(seeded_networks[i].name, name))
            continue;
        *temporary = g_strdup_printf("%s/%s-%d.safetensors", g_get_tmp_dir(), name, (int)getpid());
        if (!seeded_checkpoint(*temporary, &seeded_networks[i], &error))
            g_error("%s", error->message);
        return *temporary;
    }
    return name;
}

static double forward_ms(CnxRun *run)
{
    const gint64 start = g_get_monotonic_time();

    cnx_run_forward(run, 1);
    return (double)(g_get_monotonic_time() - start) / 1000;
}

int main(int argc, char **argv)
{
    const guint threads = argc > 2 ? (guint)atoi(argv[2]) : 1;
    const guint repeats = argc > 3 ? (guint)MAX(atoi(argv[3]), 1) : 21;
    char *temporary = NULL;
    GError *error = NULL;

    if (argc < 2) {
        fprintf(stderr, "usage: bench-forward MODEL [THREADS [REPEATS [SIZE]]]\n");
        return 2;
    }
    const char *path = find_model(argv[1], &temporary);
    const gint64 start = g_get_monotonic_time();
    CnxModel *model = cnx_model_open(path, CNX_WEIGHT_SET_AUTO, &error);
    const double load = (double)(g_get_monotonic_time() - start) / 1000;

    if (temporary)
        g_remove(temporary);
    if (!model) {
        fprintf(stderr, "%s\n", error->message);
        return 1;
    }
    const CnxConfig *config = cnx_model_config(model);
    const guint size = argc > 4 ? (guint)atoi(argv[4]) : config->recipe.size;
    CnxRun *run = cnx_run_new(model, size, size, 1, CNX_OUTPUT_LOGITS, threads, &error);
    if (!run) {
        fprintf(stderr, "%s\n", error->message);
        return 1;
    }
    double *times = g_new(double, repeats);

    seeded_input(cnx_run_input(run, 0), "bench", size, size);
    forward_ms(run);
    for (guint i = 0; i < repeats; i++)
        times[i] = forward_ms(run);
    qsort(times, repeats, sizeof *times, compare_doubles);
    printf("%s, %ux%u, level %s, %u threads: load %.1f ms, frame median %.3f ms, fastest %.3f ms; "
           "weights %.1f MB, scratch %.1f MB\n",
           config->variant, size, size, cnx_model_isa(model), threads, load, times[repeats / 2],
           times[0], (double)cnx_model_memory(model) / 1e6, (double)cnx_run_memory(run) / 1e6);
    cnx_run_free(run);
    cnx_model_unref(model);
    g_free(times);
    g_free(temporary);
    return 0;
}
