/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/dense/group_norm.h"

#include <math.h>
#include <string.h>

#include "model/base/memory.h"
#include "model/threads/threads.h"

#define TASK_PIXELS 256u

static guint tasks_of(gsize pixels)
{
    return (guint)((pixels + TASK_PIXELS - 1) / TASK_PIXELS);
}

/* The sums of each task, [tasks, 2, channels] doubles, and then scale and shift, [2, channels]
 * floats. */
gsize cnx_group_norm_shared(const CnxGroupNorm *norm, gsize pixels)
{
    const gsize bytes =
        2 * (gsize)norm->channels * (tasks_of(pixels) * sizeof(double) + sizeof(float));

    return (bytes + CNX_ALIGNMENT - 1) / CNX_ALIGNMENT * CNX_ALIGNMENT;
}

typedef struct Layer {
    const CnxKernels *kernels;
    const CnxGroupNorm *norm;
    float *x;
    gsize pixels;
    double *sums;         /* [tasks, 2, channels] */
    float *scale, *shift; /* [channels] */
} Layer;

static int pixels_of(const Layer *layer, guint task)
{
    return (int)MIN(TASK_PIXELS, layer->pixels - (gsize)task * TASK_PIXELS);
}

static void sum_task(gpointer data, guint task, guint slot)
{
    const Layer *layer = data;
    const gsize c = layer->norm->channels;
    double *sums = layer->sums + task * 2 * c;

    (void)slot;
    memset(sums, 0, 2 * c * sizeof *sums);
    layer->kernels->group_sums(sums, layer->x + (gsize)task * TASK_PIXELS * c, c,
                               pixels_of(layer, task), (int)c, layer->x);
}

static void apply_task(gpointer data, guint task, guint slot)
{
    const Layer *layer = data;
    const gsize c = layer->norm->channels;

    (void)slot;
    layer->kernels->group_apply(layer->x + (gsize)task * TASK_PIXELS * c, c, pixels_of(layer, task),
                                (int)c, layer->scale, layer->shift, layer->norm->relu);
}

/* Adds the tasks' sums to those of the first. */
static void add_sums(const Layer *layer)
{
    const gsize values = 2 * (gsize)layer->norm->channels;

    for (guint task = 1; task < tasks_of(layer->pixels); task++) {
        for (gsize i = 0; i < values; i++)
            layer->sums[i] += layer->sums[task * values + i];
    }
}

/* Scale and shift of the channels from `first` on, which are a group. */
static void finish_group(const Layer *layer, guint first)
{
    const CnxGroupNorm *norm = layer->norm;
    const guint end = first + norm->channels / norm->groups;
    const double n = (double)layer->pixels, *squares = layer->sums + norm->channels;
    double mean = 0, variance = 0, factor;

    for (guint j = first; j < end; j++)
        mean += (layer->x[j] + layer->sums[j] / n) / (end - first);
    for (guint j = first; j < end; j++) {
        const double own = layer->sums[j] / n, offset = layer->x[j] + own - mean;

        variance += (squares[j] / n - own * own + offset * offset) / (end - first);
    }
    factor = 1 / sqrt(MAX(variance, 0) + norm->eps);
    for (guint j = first; j < end; j++) {
        layer->scale[j] = (float)(factor * norm->weight[j]);
        layer->shift[j] = (float)(norm->bias[j] - mean * factor * norm->weight[j]);
    }
}

void cnx_group_norm_run(const CnxDenseContext *context, const CnxGroupNorm *norm, float *x,
                        gsize pixels, void *shared)
{
    const guint tasks = tasks_of(pixels);
    Layer layer = {context->kernels, norm, x, pixels, .sums = shared};

    layer.scale = (float *)(layer.sums + (gsize)tasks * 2 * norm->channels);
    layer.shift = layer.scale + norm->channels;
    cnx_threads_loop(context->threads, tasks, sum_task, &layer);
    add_sums(&layer);
    for (guint group = 0; group < norm->groups; group++)
        finish_group(&layer, group * (norm->channels / norm->groups));
    cnx_threads_loop(context->threads, tasks, apply_task, &layer);
}
