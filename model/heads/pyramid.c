/* The feature pyramid: a 1x1 convolution of each map of the backbone, plus the next coarser level
 * enlarged, and a 3x3 convolution of the sum. Lin et al. 2017.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "model/dense/interpolate.h"
#include "model/heads/detector_network.h"

/* The map that a level reads. */
static const CnxMap *map_of(const CnxDetectorConfig *config, const CnxOutputs *outputs, guint i)
{
    const guint module = config->modules[i], stage = module / 2;

    return module % 2 == 1 ? &outputs->stage[stage] : &outputs->down[stage];
}

/* The map that a level adds to the next finer one, whose size it takes by nearest neighbours. */
static CnxMap inner_map(const CnxDetectorRun *run, guint i)
{
    const CnxDetectorLevel *level = &run->level[i];

    return (CnxMap){level->inner, 1, level->height, level->width,
                    run->detector->weights.inner[i].n};
}

static CnxInterpolation enlarging(const CnxDetectorRun *run, guint i, const CnxMap *coarser)
{
    return (CnxInterpolation){.map = coarser,
                              .scaling = CNX_SCALING_NEAREST,
                              .height = run->level[i].height,
                              .width = run->level[i].width,
                              .dst = run->level[i].inner,
                              .ldd = coarser->channels};
}

gsize cnx_pyramid_scratch(const CnxDetectorRun *run)
{
    gsize most = 0;

    for (guint i = 0; i + 1 < run->detector->weights.inner_count; i++) {
        const CnxMap coarser = inner_map(run, i + 1);
        const CnxInterpolation call = enlarging(run, i, &coarser);

        most = MAX(most, cnx_interpolation_scratch(&call));
    }
    return most;
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

    if (!is_last) {
        const CnxMap coarser = inner_map(run, i + 1);
        const CnxInterpolation enlarged = enlarging(run, i, &coarser);

        cnx_interpolation_run(&run->dense, &enlarged);
    }
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
