/* Weighted sums of pixels, channels last: interpolation, and everything that is computed like it.
 *
 *   dst[i][j] = act( sum_{t < terms} taps[i][t].weight src[taps[i][t].at + j] + bias[j] + old )
 *
 * where old is dst[i][j] if accumulate, else 0, and act is max(x, 0) or nothing.
 *
 * A map is interpolated in two passes, with taps from cnx_scaling_ends(). Rows: one "pixel" of
 * width * channels floats, its taps are the two rows of src. Columns: the pixels of the row, each
 * with two taps.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "simd/scaling.h"

typedef struct CnxTap {
    ptrdiff_t at; /* first float of the pixel, from src */
    float weight; /* 0: the pixel is read, but does not count unless it is not finite */
} CnxTap;

typedef struct CnxInterpolate {
    float *dst; /* [pixels, c], ldd floats apart; overlaps no input */
    size_t ldd;
    const float *src;
    const CnxTap *taps;   /* [pixels, terms] */
    int pixels, terms, c; /* each at least 1 */
    bool accumulate;
    const float *bias; /* [c], or NULL for zeros */
    bool relu;         /* NaN stays NaN */
} CnxInterpolate;

/* Tolerance: terms + 2 rounding errors of the sum of the terms' magnitudes. The result of a pixel
 * does not depend on the other pixels of the call. */
typedef void CnxInterpolateFn(const CnxInterpolate *p);
