/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/dense/interpolate.h"

#include "model/base/memory.h"
#include "model/threads/threads.h"

#define TASK_ROWS 4u /* of the output */

static gsize aligned(gsize bytes)
{
    return (bytes + CNX_ALIGNMENT - 1) / CNX_ALIGNMENT * CNX_ALIGNMENT;
}

static guint terms_of(const CnxInterpolation *call)
{
    return (guint)cnx_scaling_terms(call->scaling);
}

/* Of a row of the map. */
static gsize row_bytes(const CnxInterpolation *call)
{
    return aligned((gsize)call->map->width * call->map->channels * sizeof(float));
}

gsize cnx_interpolation_scratch(const CnxInterpolation *call)
{
    return row_bytes(call) + aligned((gsize)call->width * terms_of(call) * sizeof(CnxTap));
}

/* The taps of pixel d of a line of `out` pixels. step: floats from a pixel of the map to the next.
 */
static void set_taps(CnxTap *taps, CnxScaling scaling, guint in, guint out, guint d, gsize step)
{
    const CnxEnds ends = cnx_scaling_ends(scaling, (int)in, (int)out, (int)d);

    taps[0] = (CnxTap){(ptrdiff_t)((gsize)ends.low * step), 1 - ends.weight};
    if (cnx_scaling_terms(scaling) == 2)
        taps[1] = (CnxTap){(ptrdiff_t)((gsize)ends.high * step), ends.weight};
}

typedef struct Layer {
    const CnxDenseContext *context;
    const CnxInterpolation *call;
    guint bands; /* of rows of an image */
} Layer;

/* Interpolates between rows of the map, and then in the row. */
static void run_task(gpointer data, guint task, guint slot)
{
    const Layer *layer = data;
    const CnxInterpolation *call = layer->call;
    const CnxMap *map = call->map;
    const guint image = task / layer->bands, first = task % layer->bands * TASK_ROWS;
    const gsize floats = (gsize)map->width * map->channels;
    float *row = cnx_dense_scratch(layer->context, slot);
    CnxTap *columns = (CnxTap *)((char *)row + row_bytes(call)), rows[2];

    for (guint x = 0; x < call->width; x++)
        set_taps(columns + (gsize)x * terms_of(call), call->scaling, map->width, call->width, x,
                 map->channels);
    for (guint y = first; y < MIN(first + TASK_ROWS, call->height); y++) {
        set_taps(rows, call->scaling, map->height, call->height, y, floats);
        layer->context->kernels->interpolate(&(CnxInterpolate){
            .dst = row,
            .src = map->data + (gsize)image * map->height * floats,
            .taps = rows,
            .pixels = 1,
            .terms = (int)terms_of(call),
            .c = (int)floats,
        });
        layer->context->kernels->interpolate(&(CnxInterpolate){
            .dst = call->dst + ((gsize)image * call->height + y) * call->width * call->ldd,
            .ldd = call->ldd,
            .src = row,
            .taps = columns,
            .pixels = (int)call->width,
            .terms = (int)terms_of(call),
            .c = (int)map->channels,
            .accumulate = call->accumulate,
        });
    }
}

void cnx_interpolation_run(const CnxDenseContext *context, const CnxInterpolation *call)
{
    Layer layer = {context, call, (call->height + TASK_ROWS - 1) / TASK_ROWS};

    cnx_threads_loop(context->threads, call->map->n * layer.bands, run_task, &layer);
}
