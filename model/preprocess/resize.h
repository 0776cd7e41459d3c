/* The plan for one axis of a resize: the source pixels and weights of each output. Windows, weights
 * and rounding equal Pillow's, so that the passes of simd/resize.h produce the same bytes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/error.h"
#include "model/config/recipe.h"
#include "simd/kernels.h"

typedef struct CnxResizeAxis {
    guint count;      /* outputs planned */
    guint taps;       /* per output, a multiple of the isa level's resize_group */
    guint bits;       /* fractional bits of the weights */
    guint first, end; /* [first, end) contains every source pixel that some output needs */
    int *start;       /* [count] first source pixel of each output's taps */
    guint *length;    /* [count] pixels that each output needs, at least 1 */
    gint32 *weights;  /* [count][taps], packed */
} CnxResizeAxis;

/* Plans the outputs [first, first + count) of resizing a whole axis from `in` to `out` pixels, both
 * 1..2^24. Returns FALSE with error if out of memory; axis must be cleared even then.
 * mirrored: plans them for the mirrored axis and returns that plan mirrored: output i becomes
 * output count - 1 - i and reads the same samples with the same weights as if the axis had been
 * mirrored. aligned: makes every start a whole number of groups after `first`, and not before the
 * start of the previous output, by adding weights of 0 in front; resize_rows requires it. exact:
 * keeps all of Pillow's bits in the weights. Otherwise they keep what fits in 16-bit numbers, 14
 * bits or more, which halves the time and changes one byte in a few hundred by one level. */
gboolean cnx_resize_plan(CnxResizeAxis *axis, const CnxKernels *kernels, CnxFilter filter, guint in,
                         guint out, guint first, guint count, gboolean mirrored, gboolean aligned,
                         gboolean exact, GError **error);

/* Frees what axis owns and zeroes it. */
/* The bytes that such a plan takes at most, and its taps. */
gsize cnx_resize_measure(const CnxKernels *kernels, CnxFilter filter, guint in, guint out,
                         guint count, guint *taps);

void cnx_resize_clear(CnxResizeAxis *axis);
