/* Transposed convolutions that double the size of a map: 2x2 without padding, or 4x4 with padding
 * 1, both with stride 2.
 *
 *   c[y][x][j] = act( bias[j] + sum over i, u with 2 i + u - p = y, k, v with 2 k + v - p = x of
 *                     sum_l map[i][k][l] w[l][j][u][v] )
 *
 * with p = 0 for 2x2, where every pixel has one term, and 1 for 4x4.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/dense/spread.h"

/* The bytes of the packed weights: side 2 or 4; packed is not read. */
gsize cnx_transposed_packed_size(const CnxKernels *kernels, const CnxPartWeights *weights);

/* Packs the weights to memory, which is aligned to CNX_ALIGNMENT and owned by the caller, and sets
 * packed. weight: [k, n, side, side], as in the file. */
void cnx_transposed_pack(const CnxKernels *kernels, CnxPartWeights *weights, void *memory,
                         const float *weight);

typedef struct CnxTransposedCall {
    const CnxMap *map; /* [images, h, w, k] */
    const CnxPartWeights *weights;
    float *c;          /* [images, 2 h, 2 w, n]; does not overlap the map */
    gsize ldc;         /* floats between pixels, at least n; others are not written */
    const float *bias; /* [n], or NULL for zeros */
    CnxAct act;        /* none or ReLU */
    void *shared;      /* cnx_transposed_shared() bytes, aligned to CNX_ALIGNMENT */
} CnxTransposedCall;

/* As in parts.h: the bytes of scratch memory of each thread and of shared memory, and the run. */
gsize cnx_transposed_scratch(const CnxTransposedCall *call);
gsize cnx_transposed_shared(const CnxKernels *kernels, const CnxTransposedCall *call);
void cnx_transposed_run(const CnxDenseContext *context, const CnxTransposedCall *call);
