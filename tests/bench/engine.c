/* The worker of peers.py for gst-convnext: bench-engine MODEL THREADS SIZE INPUT OUTPUT
 *
 * Reads the network's input from INPUT, [SIZE, SIZE, 3] floats, and writes the logits to OUTPUT as
 * floats. Then it serves (serve.h).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "model/network/run.h"
#include "tests/bench/clock.h"
#include "tests/bench/serve.h"

static void run_frame(void *run)
{
    cnx_run_forward(run, 1);
}

static void write_floats(const char *path, const float *values, gsize n)
{
    g_autoptr(GError) error = NULL;

    if (!g_file_set_contents(path, (const char *)values, (gssize)(n * sizeof *values), &error)) {
        fprintf(stderr, "%s\n", error->message);
        exit(1);
    }
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CnxModel) model = NULL;
    g_autoptr(CnxRun) run = NULL;
    g_autofree char *input = NULL;
    gsize length;

    if (argc != 6) {
        fprintf(stderr, "usage: bench-engine MODEL THREADS SIZE INPUT OUTPUT\n");
        return 2;
    }
    const guint threads = (guint)atoi(argv[2]), size = (guint)atoi(argv[3]);
    const gsize expected = 3 * sizeof(float) * (gsize)size * size;

    if (!g_file_get_contents(argv[4], &input, &length, &error))
        goto failed;
    if (length != expected) {
        fprintf(stderr, "%s: expected %zu bytes, found %zu\n", argv[4], expected, length);
        return 1;
    }
    const double begin = clock_ms();

    model = cnx_model_open(argv[1], CNX_WEIGHT_SET_AUTO, &error);
    if (!model)
        goto failed;
    run = cnx_run_new(model, size, size, 1, CNX_OUTPUT_LOGITS, threads, &error);
    if (!run)
        goto failed;
    memcpy(cnx_run_input(run, 0), input, length);

    const CnxMap *logits = &cnx_run_forward(run, 1)->logits;
    const double load = clock_ms() - begin;

    write_floats(argv[5], logits->data, logits->channels);
    serve(load, run_frame, run);
    return 0;

failed:
    fprintf(stderr, "%s\n", error->message);
    return 1;
}
