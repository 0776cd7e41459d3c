/* Transforms of Winograd's minimal filtering for 3x3 convolutions with stride 1 and zero padding 1,
 * channels last: F(2x2, 3x3) and F(4x4, 3x3) with the points 0, 1, -1, 2, -2.
 *
 * The result is cut into tiles of s x s pixels, s = 2 or 4, row by row; a tile at the right or
 * bottom edge may be partly outside the map. Each tile depends on (s+2) x (s+2) pixels of the
 * input, from one pixel above and left of it on. For a tile d of an input channel and the 3x3
 * weights g of one output and that channel:
 *
 *   V = B^T d B      U = G g G^T      M = sum over channels of U V, elementwise
 *   result = A^T M A
 *
 * So the (s+2)^2 elements of M are as many independent matrix products over the channels, [tiles,
 * k] times [k, n]. With r = s + 2, element i r + j is row i, column j.
 *
 *   s = 2:  B^T = 1  0 -1  0    G = 1    0    0     A^T = 1  1  1  0
 *                 0  1  1  0        1/2  1/2  1/2         0  1 -1 -1
 *                 0 -1  1  0        1/2 -1/2  1/2
 *                 0  1  0 -1        0    0    1
 *
 *   s = 4:  B^T = 4  0 -5  0  1  0    G = 1/4   0     0       A^T = 1  1  1  1  1  0
 *                 0 -4 -4  1  1  0       -1/6  -1/6  -1/6           0  1 -1  2 -2  0
 *                 0  4 -4 -1  1  0       -1/6   1/6  -1/6           0  1  1  4  4  0
 *                 0 -2 -1  2  1  0        1/24  1/12  1/6           0  1 -1  8 -8  1
 *                 0  2 -1 -2  1  0        1/24 -1/12  1/6
 *                 0  4  0 -5  0  1        0     0     1
 *
 * Lavin and Gray 2016 describe the method. Planes of V and M, one for each element, are [tiles,
 * channels]. Plane strides that are an odd multiple of 16 floats keep the planes apart in the
 * caches. Results do not depend on how tiles are split over calls.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "simd/activation.h"

#define CNX_WINOGRAD_MOST 36 /* elements */

typedef struct CnxWinogradInput {
    int h, w, k;    /* of the map, each at least 1 */
    int t0, t1;     /* tiles t0 <= t < t1, counted row by row */
    const float *a; /* [h, w, k], the whole map */
    size_t lda;     /* floats between pixels, >= k */
    float *v;       /* [(s+2)^2, t1-t0, k] */
    size_t ldv;     /* floats between tiles, >= k */
    size_t plane;   /* floats between elements */
} CnxWinogradInput;

typedef void CnxWinogradInputFn(const CnxWinogradInput *p);

/* c = act( A^T M A + bias + c ), the last term if accumulate */
typedef struct CnxWinogradOutput {
    int h, w, n;       /* of the map, each at least 1 */
    int t0, t1;        /* tiles t0 <= t < t1, counted row by row */
    const float *m;    /* [(s+2)^2, t1-t0, n] */
    size_t ldm;        /* floats between tiles, >= n */
    size_t plane;      /* floats between elements */
    const float *bias; /* [n], or NULL for zeros */
    float *c;          /* [h, w, n], the whole map; other channels and tiles are not written */
    size_t ldc;        /* floats between pixels, >= n */
    bool accumulate;
    CnxAct act;
} CnxWinogradOutput;

typedef void CnxWinogradOutputFn(const CnxWinogradOutput *p);

/* u: [n, k], one element of U for all weights, computed in double; w: [n, k, 3, 3], outputs ldw
 * floats apart, ldw >= 9 k */
typedef void CnxWinogradWeightsFn(float *u, const float *w, size_t ldw, int n, int k, int element);
