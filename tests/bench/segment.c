/* The worker of peers.py for segmenters:
 *
 *   bench-segment MODEL PRECISION THREADS WIDTH HEIGHT INPUT OUTPUT
 *
 * INPUT holds a network input, [HEIGHT, WIDTH, 3] floats. Writes the logits of the last layer to
 * OUTPUT, [h, w, classes] floats. Then it serves (serve.h); a frame is the network up to there.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/heads/segmenter.h"
#include "tests/bench/clock.h"
#include "tests/bench/files.h"
#include "tests/bench/model.h"
#include "tests/bench/serve.h"

typedef struct Work {
    CnxSegmenterRun *run;
    const float *image;
} Work;

static void run_frame(void *data)
{
    const Work *work = data;

    cnx_segmenter_run_forward(work->run, work->image);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CnxSegmenter) segmenter = NULL;
    g_autoptr(CnxSegmenterRun) run = NULL;

    if (argc != 8) {
        fprintf(stderr, "usage: bench-segment MODEL PRECISION THREADS WIDTH HEIGHT INPUT OUTPUT\n");
        return 2;
    }
    const CnxOpenOptions options = {.precision = bench_precision(argv[2])};
    const guint threads = (guint)atoi(argv[3]), width = (guint)atoi(argv[4]);
    const guint height = (guint)atoi(argv[5]);
    g_autofree float *image = files_read(argv[6], (gsize)width * height * 3);
    const double begin = clock_ms();

    segmenter = cnx_segmenter_open(argv[1], &options, NULL, NULL, &error);
    if (segmenter)
        run = cnx_segmenter_run_new(segmenter, width, height, threads, &error);
    if (!run) {
        fprintf(stderr, "%s\n", error->message);
        return 1;
    }
    Work work = {run, image};
    const CnxMap *logits = cnx_segmenter_run_forward(run, image);
    const double load = clock_ms() - begin;

    files_write(argv[7], logits->data, (gsize)logits->height * logits->width * logits->channels);
    fprintf(stderr, "weights %.1f MB, arena %.1f MB\n",
            (double)cnx_segmenter_memory(segmenter) / 1e6,
            (double)cnx_segmenter_run_memory(run) / 1e6);
    serve(load,
          cnx_precision_name(cnx_form_precision(cnx_model_form(cnx_segmenter_backbone(segmenter)))),
          run_frame, &work);
    return 0;
}
