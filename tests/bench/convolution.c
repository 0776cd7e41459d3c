/* The worker of peers.py for convolutions:
 *
 *   bench-convolution CHANNELS SIDE WAY THREADS INPUT OUTPUT
 *
 * A frame is LAYERS 3x3 convolutions of as many output channels one after the other, of a map of
 * SIDE x SIDE pixels. WAY is direct, winograd2 or winograd4. INPUT holds the map, [SIDE, SIDE,
 * CHANNELS] floats, and the weights that all layers have, [CHANNELS, CHANNELS, 3, 3]. Writes the
 * result to OUTPUT. Then it serves (serve.h).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "model/base/isa.h"
#include "model/base/memory.h"
#include "model/dense/conv.h"
#include "model/threads/threads.h"
#include "tests/bench/files.h"
#include "tests/bench/serve.h"

#define LAYERS 4 /* LAYERS of peers.py */

static const char *const ways[] = {"direct", "winograd2", "winograd4"};

typedef struct Work {
    CnxDenseContext context;
    CnxConv conv;
    guint side;
    float *maps[2];
    const float *input;
} Work;

static void run_frame(void *data)
{
    Work *work = data;
    const guint k = work->conv.k;
    CnxConvCall call = {
        .height = work->side, .width = work->side, .lda = k, .ldc = k, .finish = TRUE};

    for (guint i = 0; i < LAYERS; i++) {
        call.a = i == 0 ? work->input : work->maps[(i + 1) % 2];
        call.c = work->maps[i % 2];
        cnx_conv_run(&work->context, &work->conv, &call);
    }
}

static void *allocate(gsize bytes)
{
    void *memory = cnx_memory_new(bytes);

    if (!memory) {
        fprintf(stderr, "out of memory\n");
        exit(1);
    }
    return memory;
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    Work work = {.conv = {.side = 3, .dilation = 1, .form = CNX_FORM_FLOAT, .act = CNX_ACT_NONE}};
    guint way = 0;

    while (argc == 7 && way < G_N_ELEMENTS(ways) && !g_str_equal(argv[3], ways[way]))
        way++;
    if (argc != 7 || way == G_N_ELEMENTS(ways)) {
        fprintf(stderr, "usage: bench-convolution CHANNELS SIDE direct|winograd2|winograd4 THREADS "
                        "INPUT OUTPUT\n");
        return 2;
    }
    const guint k = (guint)atoi(argv[1]);
    const gsize weights = (gsize)k * k * 9;

    work.side = (guint)atoi(argv[2]);
    const gsize map = (gsize)work.side * work.side * k;

    work.conv.n = work.conv.k = k;
    work.conv.way = (CnxConvWay)way;
    work.context.threads = (guint)atoi(argv[4]);
    work.context.kernels = cnx_isa_kernels(&error);
    if (!work.context.kernels) {
        fprintf(stderr, "%s\n", error->message);
        return 1;
    }
    g_autofree float *input = files_read(argv[5], map + weights);

    work.input = input;
    cnx_conv_pack(work.context.kernels, &work.conv,
                  allocate(cnx_conv_packed_size(work.context.kernels, &work.conv)), input + map,
                  (gsize)k * 9);
    work.context.scratch_size = cnx_conv_scratch(work.context.kernels, &work.conv, work.side);
    work.context.scratch = allocate(work.context.threads * work.context.scratch_size + 1);
    for (guint i = 0; i < 2; i++)
        work.maps[i] = allocate(map * sizeof(float));
    cnx_threads_acquire(work.context.threads);
    run_frame(&work);
    files_write(argv[6], work.maps[(LAYERS - 1) % 2], map);
    serve(0, ways[way], run_frame, &work);
    cnx_threads_release();
    return 0;
}
