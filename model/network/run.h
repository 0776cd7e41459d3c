/* A run of a model: the forward pass and its memory, which is planned once. Runs of one model may
 * be used concurrently.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/network/model.h"

typedef struct CnxRun CnxRun;

typedef enum CnxOutput {
    CNX_OUTPUT_LOGITS = 1 << 0,    /* the raw outputs of the classifier; needs one */
    CNX_OUTPUT_EMBEDDING = 1 << 1, /* the input of the last linear layer; if that layer is a
                                      projection (CLIP), its output */
    CNX_OUTPUT_STAGE1 = 1 << 2,    /* the map after the last block of a stage, before any pooling;
                                      in a dense backbone after the norm of that output */
    CNX_OUTPUT_STAGE2 = 1 << 3,
    CNX_OUTPUT_STAGE3 = 1 << 4,
    CNX_OUTPUT_STAGE4 = 1 << 5,
    CNX_OUTPUT_DOWN2 = 1 << 6, /* the map after the downsampling layer of a stage, before its first
                                  block */
    CNX_OUTPUT_DOWN3 = 1 << 7,
    CNX_OUTPUT_DOWN4 = 1 << 8,
    CNX_OUTPUT_LENT = 1 << 9, /* the stages' maps are no part of the run: before each forward pass
                                 the caller lends memory for them, see cnx_run_lend() */
} CnxOutput;

/* [n, height, width, channels], dense */
typedef struct CnxMap {
    const float *data; /* NULL: not requested */
    guint n, height, width, channels;
} CnxMap;

typedef struct CnxOutputs {
    CnxMap logits;    /* [n, 1, 1, classes]; of a segmenter [1, h, w, classes] */
    CnxMap embedding; /* [n, 1, 1, input of the last linear layer, or projection] */
    CnxMap stage[CNX_STAGES];
    CnxMap down[CNX_STAGES];                /* the first one is never an output */
    const struct CnxDetections *detections; /* of a detector (model/heads), else NULL */
    struct CnxBlock *block; /* of a queue: holds the stages' maps, which stay valid for those who
                               refer to it (model/base/pool.h); NULL if there are none */
} CnxOutputs;

/* The flag of a stage, i: from 0. Of a downsampling layer i is at least 1. */
#define CNX_OUTPUT_STAGE(i) ((CnxOutput)(CNX_OUTPUT_STAGE1 << (i)))
#define CNX_OUTPUT_DOWN(i) ((CnxOutput)(CNX_OUTPUT_DOWN2 << ((i)-1)))

/* width, height: of the input in pixels, at least cnx_config_min_side. Each strided convolution
 * drops the rows and columns that do not fill a stride, as in PyTorch. batch: capacity in images of
 * one cnx_run_forward, at least 1. outputs: CnxOutput flags. Stages after the last one needed are
 * not computed. threads: limit on the threads of a forward pass, the caller's included; 0 means one
 * for each processor available to this process.
 *
 * Takes its own reference to the model. NULL with error if memory runs out or the model lacks an
 * output. */
CnxRun *cnx_run_new(CnxModel *model, guint width, guint height, guint batch, CnxOutput outputs,
                    guint threads, GError **error);

/* The same with memory of the caller, aligned to CNX_ALIGNMENT: as many bytes as cnx_run_measure()
 * says for these settings and the form of the model. It stays the caller's and must last as long
 * as the run. A forward pass reads nothing that an earlier one left there, so between them the
 * caller may use it for anything else; that overwrites outputs in it. threads: 1 to
 * CNX_THREADS_MAX. */
CnxRun *cnx_run_new_in(CnxModel *model, guint width, guint height, guint batch, CnxOutput outputs,
                       guint threads, void *memory, GError **error);

void cnx_run_free(CnxRun *run); /* NULL allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CnxRun, cnx_run_free)

/* The bytes that a run takes. */
typedef struct CnxRunSize {
    gsize images;  /* all but scratch; grows with the batch */
    gsize scratch; /* of each thread */
    gsize outputs; /* of each image; part of images unless lent */
    gsize lent;    /* with CNX_OUTPUT_LENT cnx_run_lent_bytes() of the batch, else 0 */
} CnxRunSize;

/* The memory of a run with these settings, without a model and without allocating it. form: of
 * the products; threads: 1 or more. G_MAXSIZE if a number does not fit, 0 if the images are too
 * small for the network. */
CnxRunSize cnx_run_measure(const CnxConfig *config, guint width, guint height, guint batch,
                           CnxOutput outputs, CnxForm form, guint threads);

/* Sets height, width and channels of each stage map for such images; all 0 behind the last stage.
 * The images must not be too small for the network. */
void cnx_run_stage_sizes(const CnxConfig *config, guint width, guint height,
                         CnxMap stage[CNX_STAGES]);

/* The buffer of image i: [height, width, 3] float, normalised RGB, for the caller to write. The
 * first call allocates the buffers of all images, and ends the process if memory runs out. */
float *cnx_run_input(CnxRun *run, guint image);

/* Runs the first n images, from the buffers above. The outputs are valid until the next call.
 * Calls for one run must not overlap; different runs may be used concurrently. */
const CnxOutputs *cnx_run_forward(CnxRun *run, guint n);

/* The same for images in the caller's memory, without allocating any. images: [n] pointers to
 * [height, width, 3] float, normalised RGB, which must stay valid until this returns. */
const CnxOutputs *cnx_run_forward_images(CnxRun *run, const float *const *images, guint n);

/* With CNX_OUTPUT_LENT: the bytes that the stages' maps of n images take, and where the next
 * forward pass writes those of up to n images; memory is aligned to CNX_ALIGNMENT. */
gsize cnx_run_lent_bytes(const CnxRun *run, guint n);
void cnx_run_lend(CnxRun *run, void *memory, guint n);

/* Bytes of the run's memory, without the buffers of cnx_run_input(). Memory of the caller does not
 * count. */
gsize cnx_run_memory(const CnxRun *run);
