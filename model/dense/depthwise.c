/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/dense/depthwise.h"

#include "model/threads/threads.h"

#define TASK_PIXELS 256u

typedef struct Layer {
    const CnxKernels *kernels;
    const CnxDepthwise *depthwise;
    guint height, width;
    guint rows; /* of a task */
    const float *src;
    float *dst;
} Layer;

static void run_task(gpointer data, guint task, guint slot)
{
    const Layer *layer = data;
    const CnxDepthwise *d = layer->depthwise;
    const guint y0 = task * layer->rows, y1 = MIN(y0 + layer->rows, layer->height);

    (void)slot;
    layer->kernels->dwconv(layer->dst + (gsize)y0 * layer->width * d->channels, layer->src,
                           (int)layer->height, (int)layer->width, (int)d->channels, (int)d->side,
                           (int)d->dilation, d->weight, d->bias, (int)y0, (int)y1);
}

void cnx_depthwise_run(const CnxDenseContext *context, const CnxDepthwise *depthwise, guint height,
                       guint width, const float *src, float *dst)
{
    Layer layer = {
        context->kernels, depthwise, height, width, (TASK_PIXELS + width - 1) / width, src, dst};

    cnx_threads_loop(context->threads, (height + layer.rows - 1) / layer.rows, run_task, &layer);
}
