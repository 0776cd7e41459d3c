/* Interpolation of whole maps.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/dense/context.h"
#include "model/network/run.h"
#include "simd/scaling.h"

typedef struct CnxInterpolation {
    const CnxMap *map; /* [images, h, w, channels] */
    CnxScaling scaling;
    guint height, width; /* of the output; for NONE those of the map */
    float *dst;          /* [images, height, width, channels]; does not overlap the map */
    gsize ldd;           /* floats between pixels, at least channels; others are not written */
    gboolean accumulate; /* dst += */
} CnxInterpolation;

/* The bytes of scratch memory that each thread needs. Of the map, only the size is read. */
gsize cnx_interpolation_scratch(const CnxInterpolation *call);

/* Interpolates a map on the context's threads. Allocates nothing. The result does not depend on
 * the number of threads. */
void cnx_interpolation_run(const CnxDenseContext *context, const CnxInterpolation *call);
