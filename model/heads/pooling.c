/* RoIAlign over the levels of a pyramid. He et al. 2017.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include "model/heads/detector_network.h"

/* torchvision infers the scale from the heights, as a power of two. */
static int infer_power(const CnxDetectorRun *run, guint i)
{
    const double scale = (double)run->level[i].height / run->image_height;

    return (int)rintf(log2f((float)scale));
}

CnxPooling cnx_pooling_new(const CnxDetectorRun *run, guint side)
{
    const CnxDetectorConfig *config = &run->detector->config;
    const guint last = config->roi_first + config->roi_count - 1;
    CnxPooling pooling = {.run = run, .side = side};
    int powers[CNX_DETECTOR_LEVELS] = {0};

    for (guint i = config->roi_first; i <= last; i++) {
        if (run->detector->rules->measures_strides) {
            powers[i] = infer_power(run, i);
            pooling.scales[i] = ldexpf(1, powers[i]);
        } else {
            pooling.scales[i] = 1 / (float)run->level[i].stride_y;
        }
    }
    pooling.first = -powers[config->roi_first];
    pooling.last = -powers[last];
    return pooling;
}

/* The step from the first of the heads' levels to the one that a box is pooled from. */
static guint find_step(const CnxPooling *pooling, CnxBox box)
{
    const guint count = pooling->run->detector->config.roi_count;

    if (count == 1)
        return 0;
    return pooling->run->detector->rules->eps_inside
               ? cnx_box_level_inside(box, count)
               : cnx_box_level(box, pooling->first, pooling->last);
}

void cnx_pooling_run(const CnxPooling *pooling, CnxBox box, float *dst)
{
    const CnxDetectorRun *run = pooling->run;
    const CnxDetectorConfig *config = &run->detector->config;
    const guint step = find_step(pooling, box);
    const guint index = config->roi_first + MIN(step, config->roi_count - 1);
    const CnxDetectorLevel *level = &run->level[index];
    const float corners[] = {box.x0, box.y0, box.x1, box.y1};
    const CnxRoiAlign roi = {.map = level->map,
                             .h = (int)level->height,
                             .w = (int)level->width,
                             .c = (int)run->detector->weights.inner[0].n,
                             .scale = pooling->scales[index],
                             .side = (int)pooling->side,
                             .sampling = (int)config->sampling,
                             .aligned = run->detector->rules->aligned};

    if (step < config->roi_count)
        run->detector->kernels->roialign(dst, &roi, corners);
    else /* the pyramid leaves out stages: torchvision pools nothing from them */
        memset(dst, 0, (gsize)roi.side * (gsize)roi.side * (gsize)roi.c * sizeof *dst);
}
