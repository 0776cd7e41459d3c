/* Which pixels of a line an interpolated pixel comes from, as PyTorch's interpolate() computes it
 * from the sizes of input and output, in float.
 *
 *   BILINEAR          align_corners=False   s = max((d + 0.5) in / out - 0.5, 0)
 *   BILINEAR_CORNERS  align_corners=True    s = d (in - 1) / (out - 1); 0 if out is 1
 *   NEAREST           mode="nearest"        the pixel min(floor(d in / out), in - 1)
 *
 * A bilinear pixel is (1 - weight) x[low] + weight x[high] with low = floor(s), high = low + 1 or
 * the last pixel, and weight = s - low. Maps are interpolated in both directions, one after the
 * other. Any ratio of in and out is allowed; a map that shrinks is not smoothed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

typedef enum CnxScaling {
    CNX_SCALING_NONE, /* the sizes are equal: pixel d is pixel d */
    CNX_SCALING_BILINEAR,
    CNX_SCALING_BILINEAR_CORNERS,
    CNX_SCALING_NEAREST,
} CnxScaling;

typedef struct CnxEnds {
    int low, high; /* 0 <= low <= high < in; equal for NONE and NEAREST */
    float weight;  /* of high, 0 to 1; that of low is 1 - weight */
} CnxEnds;

/* The pixels that output d comes from. 0 <= d < out; in, out: at least 1, below 2^24. */
CnxEnds cnx_scaling_ends(CnxScaling scaling, int in, int out, int d);

/* How many pixels of a line one output pixel comes from: 1 or 2. */
int cnx_scaling_terms(CnxScaling scaling);
