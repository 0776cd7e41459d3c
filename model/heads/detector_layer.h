/* One layer of a detector, from its tensors to its packed form. Each layer is visited three times,
 * in the same order: to find it, to measure it, to pack it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/memory.h"
#include "model/dense/conv.h"
#include "model/heads/tensors.h"

/* How the rows of a packed layer follow from those of the file */
typedef enum CnxLayerOrder {
    CNX_LAYER_AS_STORED,
    CNX_LAYER_STACKED,   /* the rows of two layers, one layer after the other */
    CNX_LAYER_ROTATED,   /* likewise, but the first layer's first row comes after its others, and
                            the second layer's first four rows are left out */
    CNX_LAYER_FLATTENED, /* columns from (channel, y, x) to (y, x, channel) */
    CNX_LAYER_UNPOOLED,  /* a transposed convolution, from [in, out, 2, 2] to [2, 2, out, in] */
} CnxLayerOrder;

typedef enum CnxLayerPass { CNX_LAYER_DETECT, CNX_LAYER_MEASURE, CNX_LAYER_PACK } CnxLayerPass;

typedef struct CnxLayerVisit {
    CnxHeadTensors *tensors; /* not used to measure */
    const CnxKernels *kernels;
    CnxForm form; /* of the products */
    CnxLayerPass pass;
    CnxArena arena; /* of the packed layers */
    GError **error;
} CnxLayerVisit;

/* A layer and its origin */
typedef struct CnxLayerSource {
    CnxConv *conv;             /* detecting sets all but packed and bias */
    const char *module, *norm; /* in the file; norm: the batch norm behind it, or NULL */
    const char *second;        /* the module of a stacked layer's other rows */
    guint n, k;                /* outputs and inputs of the module; 0: any */
    guint second_n;            /* outputs of the second module */
    guint side;                /* of the kernel */
    gboolean is_linear;        /* a linear layer, not a convolution of side 1 */
    guint channels;            /* of a flattened map */
    CnxAct act;
    CnxLayerOrder order;
    gboolean exact; /* always in fp32 */
} CnxLayerSource;

/* Finds, measures or packs the layer. FALSE with error if a tensor is missing, has another shape or
 * holds a number that is not finite. */
gboolean cnx_layer_visit(CnxLayerVisit *v, CnxLayerSource s);

/* The outputs of a module, from the first dimension of its weights; 0 if it has none. */
guint cnx_layer_outputs(const CnxHeadTensors *tensors, const char *module);
