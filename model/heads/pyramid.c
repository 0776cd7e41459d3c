/* The feature pyramid: a 1x1 convolution of each map of the backbone, plus the next coarser level
 * enlarged, and a 3x3 convolution of the sum. Lin et al. 2017.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "model/heads/detector_network.h"
#include "model/threads/threads.h"

/* The map that a level reads. */
static const CnxMap *map_of(const CnxDetectorConfig *config, const CnxOutputs *outputs, guint i)
{
    const guint module = config->modules[i], stage = module / 2;

    return module % 2 == 1 ? &outputs->stage[stage] : &outputs->down[stage];
}

/* The enlarging of a level's inner map, by nearest neighbours, to the size of the next finer one */
typedef struct Enlarging {
    const CnxDetectorLevel *from, *to;
    gsize channels;
} Enlarging;

/* PyTorch: floor(d * in / out), in float32. */
static guint nearest(guint d, guint in, guint out)
{
    const float scale = (float)in / (float)out;

    return MIN((guint)((float)d * scale), in - 1);
}

static void enlarge_row(gpointer data, guint y, guint slot)
{
    const Enlarging *e = data;
    const gsize c = e->channels;
    const float *row =
        e->from->inner + nearest(y, e->from->height, e->to->height) * (gsize)e->from->width * c;
    float *dst = e->to->inner + (gsize)y * e->to->width * c;

    for (guint x = 0; x < e->to->width; x++, dst += c)
        memcpy(dst, row + nearest(x, e->from->width, e->to->width) * c, c * sizeof *dst);
}

static void compute_inner(CnxDetectorRun *run, const CnxOutputs *outputs, guint i)
{
    const CnxDetectorWeights *weights = &run->detector->weights;
    const CnxMap *map = map_of(&run->detector->config, outputs, i);
    CnxDetectorLevel *level = &run->level[i];
    const gboolean is_last = i + 1 == weights->inner_count;
    const CnxConvCall call = {.height = level->height,
                              .width = level->width,
                              .a = map->data,
                              .lda = map->channels,
                              .c = level->inner,
                              .ldc = weights->inner[i].n,
                              .accumulate = !is_last,
                              .finish = TRUE};
    Enlarging enlarging = {is_last ? NULL : level + 1, level, weights->inner[i].n};

    if (!is_last)
        cnx_threads_loop(run->dense.threads, level->height, enlarge_row, &enlarging);
    cnx_conv_run(&run->dense, &weights->inner[i], &call);
}

static void compute_layer(CnxDetectorRun *run, guint i)
{
    const CnxConv *conv = &run->detector->weights.layer[i];
    const CnxDetectorLevel *level = &run->level[i];
    const CnxConvCall call = {.height = level->height,
                              .width = level->width,
                              .a = level->inner,
                              .lda = conv->k,
                              .c = level->map,
                              .ldc = conv->n,
                              .finish = TRUE};

    cnx_conv_run(&run->dense, conv, &call);
}

/* Every second pixel: a maximum over 1x1 pixels with stride 2. */
static void compute_pool(CnxDetectorRun *run)
{
    const CnxDetectorLevel *to = &run->level[run->levels - 1], *from = to - 1;
    const gsize c = run->detector->weights.inner[0].n;
    float *dst = to->map;

    for (guint y = 0; y < to->height; y++)
        for (guint x = 0; x < to->width; x++, dst += c)
            memcpy(dst, from->map + ((gsize)2 * y * from->width + 2 * x) * c, c * sizeof *dst);
}

void cnx_pyramid_forward(CnxDetectorRun *run, const CnxOutputs *outputs)
{
    const guint count = run->detector->weights.inner_count;

    for (guint i = count; i > 0; i--)
        compute_inner(run, outputs, i - 1);
    for (guint i = 0; i < count; i++)
        compute_layer(run, i);
    if (run->detector->config.pool)
        compute_pool(run);
}
