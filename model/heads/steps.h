/* The steps that the heads consist of: each takes its output map, computes it on the run's threads
 * and returns it. While the maps are measured, a step only asks for memory.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/dense/conv.h"
#include "model/dense/depthwise.h"
#include "model/dense/group_norm.h"
#include "model/dense/parts.h"
#include "model/heads/maps.h"

/* Receives a named intermediate map, for tests: "lateral1". It is valid during the call. */
typedef void CnxStepProbe(gpointer data, const char *name, const CnxHeadMap *map);

typedef struct CnxSteps {
    CnxDenseContext dense; /* while measuring, only scratch_size grows */
    CnxHeadMaps maps;
    guint height, width; /* of the input */
    CnxStepProbe *probe; /* NULL: none */
    gpointer probe_data;
} CnxSteps;

/* The convolution of a concatenation, see model/dense/parts.h. */
typedef struct CnxHeadParts {
    guint n; /* output channels */
    guint count;
    CnxScaling scaling[CNX_PARTS_MAX];     /* from the part's size to the output's */
    CnxConv conv[CNX_PARTS_MAX];           /* of parts that are not scaled */
    CnxPartWeights weights[CNX_PARTS_MAX]; /* of the others */
    const float *bias;                     /* [n] */
    CnxAct act;
} CnxHeadParts;

/* An affine norm over the channels of each pixel. */
typedef struct CnxHeadNorm {
    guint n;
    const float *weight, *bias; /* [n] */
    float eps;
} CnxHeadNorm;

/* Shows a map to the probe. number follows the name; 0: none. */
void cnx_step_show(const CnxSteps *steps, const char *name, guint number, const CnxHeadMap *map);

/* conv(in), [h, w, n] */
CnxHeadMap cnx_step_conv(CnxSteps *steps, const CnxConv *conv, const CnxHeadMap *in);

/* depthwise(in), [h, w, channels] */
CnxHeadMap cnx_step_depthwise(CnxSteps *steps, const CnxDepthwise *depthwise, const CnxHeadMap *in);

/* The convolution of maps [count] that are scaled to height x width and concatenated. */
CnxHeadMap cnx_step_parts(CnxSteps *steps, const CnxHeadParts *parts, const CnxHeadMap *maps,
                          guint height, guint width);

/* The maps [count], scaled to height x width and concatenated; for layers that read all channels of
 * a pixel together. */
CnxHeadMap cnx_step_concat(CnxSteps *steps, const CnxHeadMap *maps, const CnxScaling *scaling,
                           guint count, guint height, guint width);

/* in, scaled to height x width */
CnxHeadMap cnx_step_scale(CnxSteps *steps, const CnxHeadMap *in, CnxScaling scaling, guint height,
                          guint width);

/* sum += in, scaled to the size of sum */
void cnx_step_add(CnxSteps *steps, const CnxHeadMap *in, CnxScaling scaling, CnxHeadMap *sum);

/* Adaptive average pooling to [n, n, channels]. */
CnxHeadMap cnx_step_pool(CnxSteps *steps, const CnxHeadMap *in, guint n);

/* In place. */
void cnx_step_group_norm(CnxSteps *steps, const CnxGroupNorm *norm, CnxHeadMap *map);

CnxHeadMap cnx_step_norm(CnxSteps *steps, const CnxHeadNorm *norm, const CnxHeadMap *in);
