/* The worker of peers.py for segmenters:
 *
 *   bench-segment MODEL PRECISION THREADS WIDTH HEIGHT INPUT OUTPUT [ROUNDS]
 *
 * INPUT holds a network input, [HEIGHT, WIDTH, 3] floats. Writes the logits of the last layer to
 * OUTPUT, [h, w, classes] floats. Then it serves (serve.h); a frame is the network up to there.
 * With ROUNDS it prints instead how long the masks of `convnextsegment` take: of the input's size,
 * and of a frame of 1920x1080.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/base/isa.h"
#include "model/base/memory.h"
#include "model/heads/mask.h"
#include "model/heads/segmenter.h"
#include "tests/bench/clock.h"
#include "tests/bench/files.h"
#include "tests/bench/model.h"
#include "tests/bench/parts.h"
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

static void make_mask(const CnxMap *logits, const CnxMaskPlan *plan, guint threads)
{
    const gsize size = cnx_mask_value_size(logits->channels);
    const gsize scratch =
        (cnx_mask_scratch(logits, plan) + CNX_ALIGNMENT - 1) / CNX_ALIGNMENT * CNX_ALIGNMENT;
    void *mask = cnx_memory_new(size * plan->width * plan->height);
    void *memory = cnx_memory_new(MAX(scratch, CNX_ALIGNMENT) * threads);
    const CnxDenseContext context = {cnx_isa_kernels(NULL), threads, memory, scratch};

    cnx_mask_compute(&context, logits, plan, mask, size * plan->width, NULL);
    free(memory);
    free(mask);
}

static void print_parts(const CnxSegmenter *segmenter, const Work *work, guint threads, guint width,
                        guint height, int rounds)
{
    const CnxHeadInfo *info = cnx_segmenter_info(segmenter);
    const CnxMaskPlan input = {.width = width, .height = height, .scaling = info->scaling};
    CnxMaskPlan frame = {.width = 1920, .height = 1080, .scaling = CNX_SCALING_BILINEAR};
    Parts parts = {.count = 0};

    if (info->twice) {
        frame.via_width = width;
        frame.via_height = height;
        frame.via_scaling = info->scaling;
    } else if (info->scaling != CNX_SCALING_NONE) {
        frame.scaling = info->scaling;
    }
    for (int i = 0; i < rounds; i++) {
        parts_begin_round(&parts);
        const CnxMap *logits = cnx_segmenter_run_forward(work->run, work->image);

        parts_end(&parts, "network");
        make_mask(logits, &input, threads);
        parts_end(&parts, "mask of the input");
        make_mask(logits, &frame, threads);
        parts_end(&parts, "mask of a frame of 1920x1080");
    }
    parts_print(&parts, 1, NULL, NULL);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CnxSegmenter) segmenter = NULL;
    g_autoptr(CnxSegmenterRun) run = NULL;

    if (argc != 8 && argc != 9) {
        fprintf(stderr, "usage: bench-segment MODEL PRECISION THREADS WIDTH HEIGHT INPUT OUTPUT "
                        "[ROUNDS]\n");
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
    if (argc == 9) {
        print_parts(segmenter, &work, threads, width, height, atoi(argv[8]));
        return 0;
    }
    serve(load,
          cnx_precision_name(cnx_form_precision(cnx_model_form(cnx_segmenter_backbone(segmenter)))),
          run_frame, &work);
    return 0;
}
