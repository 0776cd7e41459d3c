/* One concurrent run of a model: the scratch memory, planned once, and the forward pass.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/network/model.h"

typedef struct CnxRun CnxRun;

typedef enum CnxOutput {
    CNX_OUTPUT_LOGITS = 1 << 0,    /* the head's raw outputs; needs a head */
    CNX_OUTPUT_EMBEDDING = 1 << 1, /* what the last linear layer reads; of a network that ends in
                                      a projection (CLIP) what that puts out */
    CNX_OUTPUT_STAGE1 = 1 << 2,    /* maps after the last block of a stage, before any pooling;
                                      of a dense backbone after the norm of that output */
    CNX_OUTPUT_STAGE2 = 1 << 3,
    CNX_OUTPUT_STAGE3 = 1 << 4,
    CNX_OUTPUT_STAGE4 = 1 << 5,
} CnxOutput;

/* [n, height, width, channels], dense */
typedef struct CnxMap {
    const float *data; /* NULL: not asked for */
    guint n, height, width, channels;
} CnxMap;

typedef struct CnxOutputs {
    CnxMap logits;    /* [n, 1, 1, classes] */
    CnxMap embedding; /* [n, 1, 1, dims of the last stage, hidden or projection] */
    CnxMap stage[CNX_STAGES];
} CnxOutputs;

/* width, height: of the input, pixels, at least cnx_config_min_side; sides that are no multiple of
 *   it follow the floor rule (trailing rows and columns are dropped by each strided convolution, as
 * in PyTorch). batch: the most images of one cnx_run_forward, at least 1. outputs: CnxOutput flags;
 * stages after the last one needed are not computed. threads: at most so many of this process's
 * shared workers, the caller's thread included; 0: as many as the processors that this process may
 * use. Takes its own reference to the model. Returns NULL with error when memory cannot be had or
 * an output does not exist. */
CnxRun *cnx_run_new(CnxModel *model, guint width, guint height, guint batch, CnxOutput outputs,
                    guint threads, GError **error);
void cnx_run_free(CnxRun *run); /* NULL allowed */

/* Where to write image i: [height, width, 3] float, normalised RGB. */
float *cnx_run_input(CnxRun *run, guint image);

/* Runs the first n images. Allocates nothing. The outputs are borrowed until the next call.
 * Not thread safe for one run; different runs may run side by side. */
const CnxOutputs *cnx_run_forward(CnxRun *run, guint n);

/* The same with n images that lie elsewhere: images: [n] pointers to [height, width, 3] float,
 * normalised RGB, read until this returns. */
const CnxOutputs *cnx_run_forward_images(CnxRun *run, const float *const *images, guint n);

/* Bytes of scratch. */
gsize cnx_run_memory(const CnxRun *run);

/* Those of them that are for its images, however many threads it has. */
gsize cnx_run_images_memory(const CnxRun *run);
