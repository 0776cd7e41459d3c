/* The weights of a network, packed in the order that the kernels read them.
 *
 * Folded into linear layers, in double precision: layer scale into pw2; the affine part of a
 * block's norm into pw1, that of a downsampling norm into its convolution; the beta of GRN into the
 * bias of pw2. Not folded: the affine part of the stem's norm (its output is a residual and is
 * zero-padded), of the norm before a convolution that keeps the map's size (its output is
 * zero-padded), of the norms of outputs, and of the last norm (its output is the embedding).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/checkpoint/checkpoint.h"
#include "model/network/products.h"

/* y = x W^T + bias. A convolution is a linear layer over its patches, which are in the order
 * (kernel row, kernel column, channel). */
typedef struct CnxLinear {
    int n, k;           /* outputs, inputs; both 0: no such layer */
    const void *packed; /* [n, k], in the format of the form */
    const float *bias;  /* [n] */
    CnxForm form;
} CnxLinear;

typedef struct CnxNorm {
    const float *weight, *bias; /* [c], both NULL: no such norm */
} CnxNorm;

/* A step of the head: one of the two */
typedef struct CnxHeadWeights {
    CnxLinear linear;
    CnxNorm norm; /* of a batch norm: its scale and its shift */
} CnxHeadWeights;

typedef struct CnxBlock {
    const float *dw_weight; /* [kernel kernel, c] */
    const float *dw_bias;   /* [c] */
    CnxLinear pw1;          /* [4c, c] */
    CnxLinear pw2;          /* [c, 4c] */
    const float *grn_gamma; /* [4c], NULL: no GRN */
} CnxBlock;

typedef struct CnxStage {
    CnxLinear down;    /* [c, 4 c of the stage before] */
    CnxNorm down_norm; /* [c of the stage before]; NULL if folded into down */
    guint depth;
    CnxBlock *blocks;    /* [depth] */
    CnxNorm output_norm; /* [c] */
} CnxStage;

typedef struct CnxWeights {
    CnxLinear stem[2]; /* [c of stage 0, 3 patch patch], or [stem_width, 27] and
                          [c of stage 0, 9 stem_width]; the input is always RGB */
    CnxNorm stem_norm; /* [c of stage 0] */
    CnxStage stage[CNX_STAGES];
    CnxNorm norm; /* [c of the last stage] */
    CnxHeadWeights head[CNX_HEAD_STEPS];
    float *memory;     /* holds all tensors above */
    gsize memory_size; /* bytes */
} CnxWeights;

/* Whether a layer runs in the form of the model. This is true for products of the blocks and the
 * downsampling layers with at most CNX_GEMM_INT8_K inputs; other layers always run in fp32.
 * canonical: name of the layer's weight. k: inputs. */
gboolean cnx_weights_may_be_rounded(const char *canonical, gsize k);

/* Packs a checkpoint for these kernels. form: of the layers that may be rounded. NULL with error if
 * memory runs out. */
CnxWeights *cnx_weights_new(const CnxCheckpoint *checkpoint, const CnxKernels *kernels,
                            CnxForm form, GError **error);

/* Bytes of the packed weights, without packing them. G_MAXSIZE if that does not fit in gsize. */
gsize cnx_weights_size(const CnxCheckpoint *checkpoint, const CnxKernels *kernels, CnxForm form);

void cnx_weights_free(CnxWeights *weights); /* NULL allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CnxWeights, cnx_weights_free)
