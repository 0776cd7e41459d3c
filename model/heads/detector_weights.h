/* The packed layers of a detector: pyramid, region proposals, boxes, masks.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/dense/conv.h"
#include "model/heads/detector_config.h"
#include "model/heads/tensors.h"

#define CNX_DETECTOR_SIDE_MAX 64u /* of a pooled box */
#define CNX_DETECTOR_CLASSES_MAX 65536u
#define CNX_DETECTOR_DEPTH 8 /* layers of one kind in a row */

/* C: channels of every level; A: anchors at a pixel; K: classes without background; S: side of a
 * pooled box. */

/* M: outputs of the last convolution, C without one. R: outputs of a linear layer. D: K, or 1 if
 * all classes share one box. */
typedef struct CnxBoxHead {
    guint conv_depth;
    CnxConv conv[CNX_DETECTOR_DEPTH]; /* [M, C or M, 3, 3], ReLU */
    guint fc_depth;                   /* 1 or more */
    CnxConv fc[CNX_DETECTOR_DEPTH];   /* [R, S S M] and then [R, R], ReLU; columns of the first in
                                         the order (y, x, channel) */
    CnxConv predict;                  /* [K+1 + 4 D, R]: logits, the background's last, and deltas
                                         of each class */
} CnxBoxHead;

/* M: outputs of the convolutions. */
typedef struct CnxMaskHead {
    guint depth;                      /* 0: no masks */
    CnxConv conv[CNX_DETECTOR_DEPTH]; /* [M, C or M, 3, 3], ReLU */
    CnxConv up;                       /* [4 M', M], ReLU; rows in the order (y, x, channel) of the
                                         2x2 pixels that a pixel becomes */
    const float *rows;                /* [K, M'] */
    const float *bias;                /* [K] */
    guint channels;                   /* M' */
} CnxMaskHead;

typedef struct CnxDetectorWeights {
    guint inner_count;
    CnxConv inner[CNX_DETECTOR_INNER]; /* [C, channels of the module, 1, 1] */
    CnxConv layer[CNX_DETECTOR_INNER]; /* [C, C, 3, 3] */
    guint rpn_depth;
    CnxConv rpn[CNX_DETECTOR_DEPTH]; /* [C, C, 3, 3], ReLU */
    CnxConv rpn_out;                 /* [5A, C, 1, 1]: A logits, then 4 deltas of each anchor */
    guint classes;                   /* K */
    guint box_classes;               /* D */
    guint box_side;                  /* S */
    guint stages;                    /* heads of a cascade; 1 without one */
    CnxBoxHead box[CNX_DETECTOR_STAGES];
    CnxMaskHead mask[CNX_DETECTOR_STAGES];
    void *memory;      /* holds everything above */
    gsize memory_size; /* bytes */
} CnxDetectorWeights;

/* Finds the layers in the tensors, under the names of the library, and checks their shapes; sets
 * *shape and everything but the pointers. form: of the products. FALSE with error. */
gboolean cnx_detector_weights_detect(CnxDetectorWeights *self, CnxHeadTensors *tensors,
                                     const CnxDetectorRules *rules, CnxForm form,
                                     CnxDetectorShape *shape, GError **error);

/* Bytes of the packed layers; G_MAXSIZE if that does not fit. */
gsize cnx_detector_weights_size(const CnxDetectorWeights *self, const CnxDetectorRules *rules,
                                const CnxKernels *kernels);

/* Packs the layers that were found. FALSE with error if memory runs out or a number is not finite.
 */
gboolean cnx_detector_weights_pack(CnxDetectorWeights *self, CnxHeadTensors *tensors,
                                   const CnxDetectorRules *rules, const CnxKernels *kernels,
                                   GError **error);
void cnx_detector_weights_clear(CnxDetectorWeights *self);
