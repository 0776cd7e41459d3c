/* Products of small maps with the taps of a kernel, spread over a larger map. This is the common
 * part of convolutions of interpolated maps (parts.h) and of transposed convolutions
 * (transposed.h).
 *
 * In one direction, an output pixel is a weighted sum of a few terms, each a pixel of the small map
 * times a tap of the kernel; in both directions it is the sum over all pairs of terms:
 *
 *   c[y][x][j] = act( bias[j] + sum over sources, terms (q, u, s) of y, terms (p, v, t) of x of
 *                     s t sum_l map[q][p][l] w[j][l][u][v] )
 *
 * The products are made for a panel of output channels and a few rows of the map at a time, and
 * stay in the cache until they are summed: first the terms of y, for each pixel of the map's row
 * and each v, then the terms of x.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/precision.h"
#include "model/dense/context.h"
#include "model/network/run.h"
#include "simd/scaling.h"

#define CNX_SPREAD_MAX 8   /* sources of a map */
#define CNX_SPREAD_TERMS 8 /* terms of an output pixel in one direction */

/* Weights, packed for the products of all taps. */
typedef struct CnxPartWeights {
    guint n, k;         /* output channels; channels of the map */
    guint side;         /* of the kernel: 1 to 4 */
    CnxForm form;       /* of the products */
    const void *packed; /* set when packed */
} CnxPartWeights;

/* The bytes of the packed weights; packed is not read. */
gsize cnx_spread_packed_size(const CnxKernels *kernels, const CnxPartWeights *weights);

/* Packs weight [j][l][u][v], whose outputs j are ldn and inputs l are ldk floats apart, to memory,
 * which is aligned to CNX_ALIGNMENT and owned by the caller, and sets packed. */
void cnx_spread_pack(const CnxKernels *kernels, CnxPartWeights *weights, void *memory,
                     const float *weight, gsize ldn, gsize ldk);

typedef struct CnxSpreadTerm {
    guint pixel, tap;
    float weight; /* 0: not a term */
} CnxSpreadTerm;

typedef struct CnxSpreadSource {
    const CnxMap *map; /* [images, h, w, k] */
    const CnxPartWeights *weights;
    CnxScaling scaling;
    guint terms; /* at most CNX_SPREAD_TERMS */
    /* Sets terms[terms]. d: a pixel of the output's line. The pixels do not decrease with d. */
    void (*line)(const struct CnxSpreadSource *source, guint in, guint out, guint d,
                 CnxSpreadTerm *terms);
} CnxSpreadSource;

typedef struct CnxSpread {
    const CnxSpreadSource *sources; /* [count], with equal n and numbers of images */
    guint count;                    /* 1 to CNX_SPREAD_MAX */
    guint height, width;            /* of the output */
    float *c;                       /* [images, height, width, n]; overlaps no map */
    gsize ldc;                      /* floats between pixels */
    const float *bias;              /* [n], or NULL for zeros */
    gboolean relu;
    void *shared; /* cnx_spread_shared() bytes, aligned to CNX_ALIGNMENT */
} CnxSpread;

/* The bytes of scratch memory of each thread, and of memory that the threads share. */
gsize cnx_spread_scratch(const CnxSpread *spread);
gsize cnx_spread_shared(const CnxKernels *kernels, const CnxSpread *spread);

/* Runs on the context's threads. Allocates nothing. The result does not depend on their number. */
void cnx_spread_run(const CnxDenseContext *context, const CnxSpread *spread);
