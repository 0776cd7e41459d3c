/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/heads/roi_stack.h"

#include <string.h>

#define TILE 4 /* of Winograd's larger algorithm; boxes that begin at a tile waste none */

guint cnx_roi_stack_pitch(const CnxConv *layers, guint depth, guint side)
{
    for (guint i = 0; i < depth; i++)
        if (layers[i].way != CNX_CONV_DIRECT)
            return (side + TILE) / TILE * TILE;
    return depth > 0 ? side + 1 : side;
}

guint cnx_roi_stack_channels(const CnxConv *layers, guint depth, guint channels)
{
    for (guint i = 0; i < depth; i++)
        channels = MAX(channels, layers[i].n);
    return channels;
}

static void clear_gaps(const CnxRoiStack *stack, guint boxes, float *map, gsize channels)
{
    const gsize row = stack->side * channels, gap = stack->pitch - stack->side;

    for (gsize i = 0; i < boxes; i++)
        memset(map + (i * stack->pitch + stack->side) * row, 0, gap * row * sizeof *map);
}

float *cnx_roi_stack_run(const CnxDenseContext *context, const CnxRoiStack *stack, guint boxes)
{
    CnxConvCall call = {
        .height = boxes * stack->pitch, .width = stack->side, .c = stack->maps[0], .finish = TRUE};

    for (guint i = 0; i < stack->depth; i++) {
        const CnxConv *layer = &stack->layers[i];

        clear_gaps(stack, boxes, call.c, layer->k);
        call.a = call.c;
        call.lda = layer->k;
        call.c = stack->maps[(i + 1) % 2];
        call.ldc = layer->n;
        cnx_conv_run(context, layer, &call);
    }
    return call.c;
}
