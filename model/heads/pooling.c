/* RoIAlign over the levels of a pyramid. He et al. 2017.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include "model/heads/detector_network.h"

CnxPooling cnx_pooling_new(const CnxDetectorRun *run, guint side)
{
    const CnxDetectorConfig *config = &run->detector->config;
    const guint last = config->roi_first + config->roi_count - 1;
    CnxPooling pooling = {.run = run, .side = side};
    int powers[CNX_DETECTOR_LEVELS];

    /* torchvision infers the scale from the heights, as a power of two. */
    for (guint i = config->roi_first; i <= last; i++) {
        const double scale = (double)run->level[i].height / run->image_height;

        powers[i] = (int)rintf(log2f((float)scale));
        pooling.scales[i] = ldexpf(1, powers[i]);
    }
    pooling.first = -powers[config->roi_first];
    pooling.last = -powers[last];
    return pooling;
}

void cnx_pooling_run(const CnxPooling *pooling, CnxBox box, float *dst)
{
    const CnxDetectorRun *run = pooling->run;
    const CnxDetectorConfig *config = &run->detector->config;
    const guint step =
        config->roi_count > 1 ? cnx_box_level(box, pooling->first, pooling->last) : 0;
    const guint index = config->roi_first + MIN(step, config->roi_count - 1);
    const CnxDetectorLevel *level = &run->level[index];
    const float corners[] = {box.x0, box.y0, box.x1, box.y1};
    const CnxRoiAlign roi = {.map = level->map,
                             .h = (int)level->height,
                             .w = (int)level->width,
                             .c = (int)run->detector->weights.inner[0].n,
                             .scale = pooling->scales[index],
                             .side = (int)pooling->side,
                             .sampling = (int)config->sampling};

    if (step < config->roi_count)
        run->detector->kernels->roialign(dst, &roi, corners);
    else /* the pyramid leaves out stages: torchvision pools nothing from them */
        memset(dst, 0, (gsize)roi.side * (gsize)roi.side * (gsize)roi.c * sizeof *dst);
}
