/* The packed layers of a detector: pyramid, region proposals, boxes, masks.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/dense/conv.h"
#include "model/heads/detector_config.h"
#include "model/heads/tensors.h"

#define CNX_DETECTOR_SIDE_MAX 64u /* of a pooled box */
#define CNX_DETECTOR_CLASSES_MAX 65536u
#define CNX_DETECTOR_DEPTH 8 /* convolutions in a row, of proposals or masks */

/* C: channels of every level; A: anchors at a pixel; K: classes without background; R: outputs of
 * fc6; S: side of a pooled box; M: channels of the mask head. */
typedef struct CnxDetectorWeights {
    guint inner_count;
    CnxConv inner[CNX_DETECTOR_INNER]; /* [C, channels of the module, 1, 1] */
    CnxConv layer[CNX_DETECTOR_INNER]; /* [C, C, 3, 3] */
    guint rpn_depth;
    CnxConv rpn[CNX_DETECTOR_DEPTH];  /* [C, C, 3, 3], ReLU */
    CnxConv rpn_out;                  /* [5A, C, 1, 1]: A logits, then 4 deltas of each anchor */
    guint box_side;                   /* S */
    CnxConv fc6;                      /* [R, S S C], ReLU; columns in the order (y, x, channel) */
    CnxConv fc7;                      /* [R, R], ReLU */
    CnxConv predict;                  /* [5(K+1), R]: K+1 logits, then 4 deltas of each class */
    guint mask_depth;                 /* 0: no masks */
    CnxConv mask[CNX_DETECTOR_DEPTH]; /* [M, C or M, 3, 3], ReLU */
    CnxConv mask_up;                  /* [4 M', M], ReLU; rows in the order (y, x, channel) of the
                                         2x2 pixels that a pixel becomes */
    const float *mask_rows;           /* [K+1, M'] */
    const float *mask_bias;           /* [K+1] */
    guint mask_channels;              /* M' */
    void *memory;                     /* holds everything above */
    gsize memory_size;                /* bytes */
} CnxDetectorWeights;

/* Finds the layers in the tensors and checks their shapes; sets *shape and everything but the
 * pointers. form: of the products. FALSE with error. */
gboolean cnx_detector_weights_detect(CnxDetectorWeights *self, CnxHeadTensors *tensors,
                                     CnxForm form, CnxDetectorShape *shape, GError **error);

/* Bytes of the packed layers; G_MAXSIZE if that does not fit. */
gsize cnx_detector_weights_size(const CnxDetectorWeights *self, const CnxKernels *kernels);

/* Packs the layers that were found. FALSE with error if memory runs out or a number is not finite.
 */
gboolean cnx_detector_weights_pack(CnxDetectorWeights *self, CnxHeadTensors *tensors,
                                   const CnxKernels *kernels, GError **error);
void cnx_detector_weights_clear(CnxDetectorWeights *self);
