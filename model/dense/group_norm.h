/* Group normalisation of a map in place, with an optional ReLU.
 *
 *   x[i][j] = act( (x[i][j] - mean) / sqrt(variance + eps) * weight[j] + bias[j] )
 *
 * where mean and variance are those of all pixels and all channels of the channel's group, in one
 * image.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/dense/context.h"

typedef struct CnxGroupNorm {
    guint channels, groups; /* groups divides channels */
    double eps;
    const float *weight, *bias; /* [channels] */
    gboolean relu;
} CnxGroupNorm;

/* The bytes of memory that the threads of a run share, for a map of so many pixels. */
gsize cnx_group_norm_shared(const CnxGroupNorm *norm, gsize pixels);

/* x: [pixels, channels], the map of one image; shared: aligned to CNX_ALIGNMENT. Runs on the
 * context's threads. Allocates nothing. The result does not depend on the number of threads. */
void cnx_group_norm_run(const CnxDenseContext *context, const CnxGroupNorm *norm, float *x,
                        gsize pixels, void *shared);
