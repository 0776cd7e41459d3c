/* Depthwise convolution of whole maps (simd/dwconv.h): each channel has a kernel of its own. Stride
 * 1, zero padding.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/dense/context.h"

typedef struct CnxDepthwise {
    guint channels;
    guint side;          /* of the kernel; odd */
    guint dilation;      /* pixels between taps, at least 1 */
    const float *weight; /* [side, side, channels] */
    const float *bias;   /* [channels] */
} CnxDepthwise;

/* src, dst: [height, width, channels], dense, without overlap. Runs on the context's threads and
 * needs no scratch memory. The result does not depend on the number of threads. */
void cnx_depthwise_run(const CnxDenseContext *context, const CnxDepthwise *layer, guint height,
                       guint width, const float *src, float *dst);
