/* The state of a run and its forward pass. Private to network/: run.c plans the memory; forward.c
 * and the files of the layers use it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/network/run.h"
#include "model/network/weights.h"

/* Approximate pixels of a strip: few enough that its hidden layer stays in the L2 cache, and enough
 * to amortise reading the weights. */
#define CNX_STRIP_PIXELS 128

/* A batch with fewer pixels than CNX_FEW_PIXELS yields too few strips. If a block's weights (8 c^2)
 * do not fit in the L2 cache either, its products are cut by output columns instead. */
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
    CnxForm form; /* of the blocks and the downsampling layers */
    guint threads;
    guint batch; /* capacity: images of one forward pass */
    guint width, height;
    CnxLayernormFn *norm;             /* the kind that the config names */
    guint stages;                     /* stages to compute */
    gboolean head;                    /* whether to compute the head */
    CnxStageSize mid_size, stem_size; /* inside and after the stem */
    CnxStageSize size[CNX_STAGES];    /* after a stage */
    gboolean has_stage[CNX_STAGES];   /* whether its map is an output */
    gboolean is_lent;                 /* those maps are in memory of the caller */
    CnxOutputs outputs;
    struct CnxProfile *profile; /* NULL unless CONVNEXT_PROFILE is 1 */

    const float **images; /* [batch] the images of this forward pass: [height, width, 3] each */
    float *input;         /* [batch, height, width, 3], NULL before cnx_run_input() */

    /* The arena. b: batch; h, w, c: of the stage where the product is largest. */
    float *map[2];               /* [b, h, w, c]: a layer reads one and writes the other */
    float *stage[CNX_STAGES];    /* [b, h, w, c] of an output, perhaps lent; NULL: not requested */
    float *down[CNX_STAGES];     /* the same after the downsampling layer of a stage */
    float *normed;               /* [pixels, c] */
    float *patches;              /* [pixels, 4 c of the stage before] */
    float *hidden;               /* [pixels, 4c] */
    void *rows;                  /* [pixels], rounded: 4c each, or 4 c of the stage before */
    float *sumsq;                /* [b, strips, 4c] */
    float *pooled;               /* [b, c], or [b, 2c] for two poolings */
    float *step[CNX_HEAD_STEPS]; /* [b, outputs] of a linear layer of the head, and of the norms
                                    behind it */
    guint steps;                 /* of the head, to compute */
    float *features;             /* the input of the last linear layer: pooled, or one of step */
    float *scratch;              /* [threads, scratch_size] */
    gsize scratch_size;          /* floats */

    void *memory;
    gsize memory_size; /* bytes */
};

/* Sets the sizes of all maps. Reads only config, width and height. */
void cnx_run_plan_sizes(CnxRun *run);

/* Computes the outputs of the first n images. */
void cnx_forward(CnxRun *run, guint n);

/* Step i of the head for n vectors, without a limit on n. x: [n, inputs]; y: [n, outputs], x itself
 * for a norm. */
void cnx_forward_head_step(const CnxRun *run, guint i, guint n, const float *x, float *y);

/* The kernel of the kind of norm that the config names. */
CnxLayernormFn *cnx_run_norm(const CnxConfig *config, const CnxKernels *kernels);

/* Borrowed from the model. */
const CnxWeights *cnx_model_weights(const CnxModel *model);
const CnxKernels *cnx_model_kernels(const CnxModel *model);

/* For tests: opens a model with kernels and a form that need not be the processor's. The process
 * does not share it. */
CnxModel *cnx_model_open_form(const char *path, const CnxKernels *kernels, CnxForm form,
                              GError **error);
