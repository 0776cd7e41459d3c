/* Convolutions of dense networks: 1x1, or 3x3 with stride 1 and zero padding equal to the dilation.
 *
 *   c[y][x][j] = act( sum_{u,v} sum_l a[y+(u-r)d][x+(v-r)d][l] w[j][l][u][v] + bias[j] )
 *
 * with r = 1 for 3x3 and 0 for 1x1. A normalisation that follows the convolution is folded into its
 * weights and bias by the caller.
 *
 * A layer can add to a map and leave bias and activation to a later layer, so that the convolution
 * of a concatenation becomes one layer for each part.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/error.h"
#include "model/base/precision.h"
#include "model/dense/context.h"

/* How a 3x3 convolution is computed. Winograd needs 4 (F(2x2)) or 2.25 (F(4x4)) multiplications
 * for a weight and a pixel instead of 9, and transforms of the maps. Its errors are larger: in
 * standard deviations of the result, up to 1e-6, 3e-6 and 5e-5. */
typedef enum CnxConvWay {
    CNX_CONV_DIRECT,
    CNX_CONV_WINOGRAD2, /* tiles of 2x2 pixels */
    CNX_CONV_WINOGRAD4, /* tiles of 4x4 pixels */
} CnxConvWay;

typedef struct CnxConv {
    guint n, k;         /* output and input channels */
    guint side;         /* 1 or 3 */
    guint dilation;     /* 1 or more; ignored for side 1 */
    CnxConvWay way;     /* for side 3 */
    CnxForm form;       /* of the matrix products of 1x1 and Winograd; direct 3x3 is in floats */
    const void *packed; /* set by cnx_conv_pack() */
    const float *bias;  /* [n], or NULL for zeros; must outlive the layer */
    CnxAct act;
} CnxConv;

/* Checks the environment variable CONVNEXT_CONV, which forces the way of all 3x3 convolutions that
 * can be computed that way. FALSE with error (CNX_ERROR_SETTINGS) if it is set to anything but
 * direct, winograd2 or winograd4. Call it before a network is read. */
gboolean cnx_conv_check(GError **error);

/* The way for a 3x3 convolution: the fastest, but F(2x2) instead of F(4x4) for very many weights,
 * whose packed size would be four times the file's, and for forms that round; or the way that
 * CONVNEXT_CONV forces. With a dilation above 1 always direct. form: of the products. */
CnxConvWay cnx_conv_choose(guint n, guint k, guint dilation, CnxForm form);

/* The bytes of the packed weights. conv: all but packed, bias and act. */
gsize cnx_conv_packed_size(const CnxKernels *kernels, const CnxConv *conv);

/* Packs the weights to memory, which is aligned to CNX_ALIGNMENT and owned by the caller, and sets
 * conv->packed to it. weight: [n, k, side, side], outputs ldw floats apart, ldw >= k side side. A
 * layer for a part of the input channels of a larger layer has the larger one's ldw. */
void cnx_conv_pack(const CnxKernels *kernels, CnxConv *conv, void *memory, const float *weight,
                   gsize ldw);

/* The bytes of scratch memory that each thread needs for maps of this width, a multiple of
 * CNX_ALIGNMENT. */
gsize cnx_conv_scratch(const CnxKernels *kernels, const CnxConv *conv, guint width);

typedef struct CnxConvCall {
    guint height, width; /* of both maps */
    const float *a;      /* [height, width, k] */
    gsize lda;           /* floats between pixels, at least k */
    float *c;            /* [height, width, n]; does not overlap a */
    gsize ldc;           /* floats between pixels, at least n; other floats are not written */
    gboolean accumulate; /* add what c contains, before bias and activation */
    gboolean finish;     /* add the bias and apply the activation */
} CnxConvCall;

/* Runs a layer on the context's threads. Allocates nothing. The result does not depend on the
 * number of threads. */
void cnx_conv_run(const CnxDenseContext *context, const CnxConv *conv, const CnxConvCall *call);
