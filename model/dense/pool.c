/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/dense/pool.h"

#include "model/threads/threads.h"

#define TASK_CHANNELS 128u

typedef struct Layer {
    const CnxKernels *kernels;
    const CnxMap *map;
    guint side;
    float *dst;
    guint ranges; /* of channels */
} Layer;

static void run_task(gpointer data, guint task, guint slot)
{
    const Layer *layer = data;
    const CnxMap *map = layer->map;
    const gsize image = task / layer->ranges, c = map->channels;
    const guint first = task % layer->ranges * TASK_CHANNELS;

    (void)slot;
    layer->kernels->adaptive_pool(layer->dst + image * layer->side * layer->side * c + first, c,
                                  map->data + image * map->height * map->width * c + first, c,
                                  (int)map->height, (int)map->width,
                                  (int)MIN(TASK_CHANNELS, map->channels - first), (int)layer->side);
}

void cnx_pool_run(const CnxDenseContext *context, const CnxMap *map, guint side, float *dst)
{
    Layer layer = {context->kernels, map, side, dst,
                   (map->channels + TASK_CHANNELS - 1) / TASK_CHANNELS};

    cnx_threads_loop(context->threads, map->n * layer.ranges, run_task, &layer);
}
