/* The state of a run, and the forward pass over it: between run.c, which plans the memory, and
 * forward.c, which uses it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/network/run.h"
#include "model/network/weights.h"

/* A map is cut into strips of rows of about so many pixels, one task each: small enough for the
 * hidden layer of a strip to stay in the second-level cache, large enough to amortise reading the
 * weights. */
#define CNX_STRIP_PIXELS 128

/* A batch of maps with fewer pixels than this has too few strips to share out. Where a block's
 * weights, 8 c^2 of them, are more than the second-level cache holds, each layer is cut by output
 * columns instead. */
#define CNX_FEW_PIXELS 256
#define CNX_MANY_WEIGHTS (256 * 1024)

typedef struct CnxStageSize {
    guint h, w, c;
} CnxStageSize;

struct CnxRun {
    CnxModel *model;
    const CnxConfig *config;
    const CnxWeights *weights;
    const CnxKernels *kernels;
    guint threads;
    guint batch; /* most images of one forward */
    guint width, height;
    CnxLayernormFn *norm;             /* of the network's kind */
    guint stages;                     /* to compute */
    gboolean head;                    /* to compute */
    CnxStageSize mid_size, stem_size; /* within and after the stem */
    CnxStageSize size[CNX_STAGES];    /* after a stage */
    CnxOutputs outputs;
    struct CnxProfile *profile; /* NULL unless CONVNEXT_PROFILE is 1 */

    /* The arena. b: batch; h, w, c: of the stage where the product is largest. */
    const float **images;     /* [b] where each image of this forward lies: [height, width, 3] */
    float *input;             /* [b, height, width, 3]: their place, unless it is the caller's */
    float *map[2];            /* [b, h, w, c]: a layer reads one and writes the other */
    float *stage[CNX_STAGES]; /* [b, h, w, c] of an output; NULL when not asked for */
    float *normed;            /* [pixels, c] */
    float *patches;           /* [pixels, 4 c of the stage before] */
    float *hidden;            /* [pixels, 4c] */
    float *sumsq;             /* [b, strips, 4c] */
    float *pooled;            /* [b, c] */
    float *features;          /* [b, c or hidden]: what the last linear layer reads; the pooled ones
                                 without a hidden layer */
    float *projected;         /* [b, classes or projection]; NULL: not asked for */
    float *scratch;           /* [threads, scratch_size] */
    gsize scratch_size;       /* floats */

    void *memory;
    gsize memory_size; /* bytes */
};

/* Sets the sizes of all maps, from config, width and height alone. */
void cnx_run_plan_sizes(CnxRun *run);

/* Computes the first n images' outputs. */
void cnx_forward(CnxRun *run, guint n);

/* The parts of a model. */
const CnxWeights *cnx_model_weights(const CnxModel *model);
const CnxKernels *cnx_model_kernels(const CnxModel *model);
