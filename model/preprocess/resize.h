/* The plan of one axis of a resize: which source pixels make each output, and their weights, as
 * Pillow plans it. Windows, weights and their rounding are the same numbers, so that the passes of
 * simd/resize.h give the same bytes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/error.h"
#include "model/config/recipe.h"
#include "simd/kernels.h"

typedef struct CnxResizeAxis {
    guint count;      /* outputs planned */
    guint taps;       /* of one output, a multiple of the level's resize_group */
    guint bits;       /* of the weights' fraction */
    guint first, end; /* source pixels that some output needs lie in [first, end) */
    int *start;       /* [count] the first source pixel of each output's taps */
    guint *length;    /* [count] how many pixels it needs, at least 1 */
    gint32 *weights;  /* [count][taps], packed */
} CnxResizeAxis;

/* Plans the outputs [first, first + count) of the resize of a whole axis of `in` pixels to `out`.
 * The sizes are 1..2^24. Returns FALSE and sets error when memory cannot be had; clear then, too.
 * aligned: see that every start is whole groups from `first`, with weights of 0 before it where it
 *   is not: what resize_rows asks for.
 * exact: weights of all of Pillow's bits; else of as many as 16-bit numbers hold, 14 or more, which
 *   takes half the time, and moves a byte in some hundreds by one level. */
gboolean cnx_resize_plan(CnxResizeAxis *axis, const CnxKernels *kernels, CnxFilter filter, guint in,
                         guint out, guint first, guint count, gboolean aligned, gboolean exact,
                         GError **error);

/* Frees what axis holds and zeroes it. */
void cnx_resize_clear(CnxResizeAxis *axis);
