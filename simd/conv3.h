/* Convolution 3x3, stride 1, zero padding equal to the dilation, channels last, with a fused
 * epilogue.
 *
 *   c[y-y0][x][j] = act( sum_{u,v in 0..2} sum_l a[y+(u-1)d][x+(v-1)d][l] w[j][l][u][v]
 *                        + bias[j] + c[y-y0][x][j] )           (the last term if accumulate)
 *
 * where d is the dilation and a is zero outside its h x w.
 *
 * conv3_pack reorders the weights for this level's kernel into panels of output channels. The
 * panels are as wide as those of gemm (see gemm.h), and every panel is 64-byte aligned if dst is.
 * Within a panel, the order of the weights is the kernel's own.
 *
 * To split the work over threads, give each thread a range of rows (y0, y1), or a range of output
 * channels that starts at a multiple of gemm_panel and, unless there is only one, has at least
 * gemm_panel channels. The weights of a range that starts at channel j start at
 * conv3_packed_size(j, k). Results do not depend on the split.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "simd/activation.h"

typedef struct CnxConv3 {
    int h, w;           /* of the map, each at least 1 */
    int k, n;           /* input and output channels, each at least 1 */
    int dilation;       /* at least 1 */
    int y0, y1;         /* rows of the result to compute, 0 <= y0 < y1 <= h */
    const float *a;     /* [h, w, k], the whole map */
    size_t lda;         /* floats between pixels, >= k; rows are w lda floats apart */
    const void *packed; /* written by conv3_pack of the same level */
    const float *bias;  /* [n], or NULL for zeros */
    float *c;           /* [y1-y0, w, n]; does not overlap a */
    size_t ldc;         /* floats between pixels, >= n; columns from n on are never written */
    bool accumulate;    /* add what c contains */
    CnxAct act;
} CnxConv3;

typedef void CnxConv3Fn(const CnxConv3 *p);

/* Returns the number of bytes that conv3_pack writes for n outputs of k channels. */
typedef size_t CnxConv3PackedSizeFn(int n, int k);

/* dst: packed, 64-byte aligned; w: [n, k, 3, 3], outputs ldw floats apart, ldw >= 9 k. A layer that
 * reads a part of the channels of a larger one has the larger one's ldw. */
typedef void CnxConv3PackFn(void *dst, const float *w, size_t ldw, int n, int k);
