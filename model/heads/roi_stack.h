/* Convolutions of pooled boxes. Several boxes are stacked in one map, with rows of zeros between
 * them, so that each convolution runs once for all of them:
 *
 *     box 0    side rows
 *     zeros    the rest of the pitch
 *     box 1    side rows
 *     zeros    ...
 *
 * Each layer overwrites the rows of zeros, which are cleared before the next one.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/dense/conv.h"

typedef struct CnxRoiStack {
    const CnxConv *layers; /* [depth], 3x3 */
    guint depth;
    guint side;     /* of a pooled box, pixels */
    guint pitch;    /* rows from one box to the next */
    float *maps[2]; /* [boxes, pitch, side, channels of any layer]; maps[0] holds the pooled boxes,
                       [boxes, pitch, side, k]; the other one is not used with depth 0 */
} CnxRoiStack;

/* The pitch for these layers; side if there are none. */
guint cnx_roi_stack_pitch(const CnxConv *layers, guint depth, guint side);

/* The most channels of a map between the layers, at least those of the pooled boxes. */
guint cnx_roi_stack_channels(const CnxConv *layers, guint depth, guint channels);

/* Runs the layers on so many boxes. Returns the last one's map, [boxes, pitch, side, n], whose rows
 * between the boxes are undefined. Allocates nothing. */
float *cnx_roi_stack_run(const CnxDenseContext *context, const CnxRoiStack *stack, guint boxes);
