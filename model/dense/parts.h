/* A convolution of a concatenation that is never made.
 *
 *   c = act( bias + sum over parts of conv(interpolate(map of the part), its weights) )
 *
 * The convolution, 1x1 or 3x3 with zero padding, is the sum of the convolutions of the parts.
 * Interpolation works on each channel alone, so the products with each tap's weights are computed
 * at the part's own resolution, and the products are interpolated, shifted by their tap, and added.
 * A tap outside the output contributes nothing, as zero padding does. This is exact for every
 * ratio of sizes. For a part of half the size it takes a quarter of the multiplications.
 *
 * Parts at full resolution are ordinary convolutions (model/dense/conv.h).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/dense/conv.h"
#include "model/dense/spread.h"

#define CNX_PARTS_MAX CNX_SPREAD_MAX /* parts of a layer */

/* The bytes of the packed weights of a part with a resolution of its own, side 1 or 3; packed is
 * not read. */
gsize cnx_part_packed_size(const CnxKernels *kernels, const CnxPartWeights *weights);

/* Packs the weights to memory, which is aligned to CNX_ALIGNMENT and owned by the caller, and sets
 * packed. weight: [n, k, side, side], outputs ldw floats apart: the slice of the part in the weight
 * of the whole layer, [n, channels of all parts, side, side], which starts at
 * first channel * side * side and has ldw = channels of all parts * side * side. */
void cnx_part_pack(const CnxKernels *kernels, CnxPartWeights *weights, void *memory,
                   const float *weight, gsize ldw);

typedef struct CnxConvPart {
    const CnxMap *map;             /* [images, h, w, k] */
    CnxScaling scaling;            /* from the map's size to the output's */
    const CnxConv *conv;           /* for a map of the output's size, or NULL; its bias and act are
                                      those of the call */
    const CnxPartWeights *weights; /* if conv is NULL; for any map */
} CnxConvPart;

typedef struct CnxPartsCall {
    const CnxConvPart *parts; /* [count], with equal n and numbers of images */
    guint count;              /* 1 to CNX_PARTS_MAX */
    guint height, width;      /* of the output */
    float *c;                 /* [images, height, width, n]; overlaps no map */
    gsize ldc;                /* floats between pixels, at least n; others are not written */
    const float *bias;        /* [n], or NULL for zeros */
    CnxAct act;               /* none or ReLU */
    void *shared;             /* cnx_parts_shared() bytes, aligned to CNX_ALIGNMENT */
} CnxPartsCall;

/* The bytes of memory that a call needs: of the scratch memory of each thread, and of the memory
 * that the threads share; multiples of CNX_ALIGNMENT. Of the maps, only the sizes are read. */
gsize cnx_parts_scratch(const CnxKernels *kernels, const CnxPartsCall *call);
gsize cnx_parts_shared(const CnxKernels *kernels, const CnxPartsCall *call);

/* Runs the layer on the context's threads. Allocates nothing. The result does not depend on the
 * number of threads. */
void cnx_parts_run(const CnxDenseContext *context, const CnxPartsCall *call);
