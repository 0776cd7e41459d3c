/* A run with room for as many images as wait for it: the arena that the requests of
 * model/serve/queue.h share.
 *
 * It begins with room for one image and grows when more come, up to CNX_BATCH_IMAGES, or to what
 * CNX_BATCH_MEMORY holds. Not thread safe.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/network/run.h"

/* Images of one forward pass. By tests/bench/batch.c, with 2 threads, a batch of 4 or 8 costs
 * 0.85 (the bundled model) to 0.94 (convnext_tiny) per image of what one after the other does.
 * Running side by side costs the same, in batches of 4 as well, for an arena per thread. With 1
 * thread all are within 0.97 to 1.03. */
#define CNX_BATCH_IMAGES 8u

/* Bytes that the images of an arena for more than one may have. */
#define CNX_BATCH_MEMORY ((gsize)96 << 20)

typedef struct CnxBatch CnxBatch;

/* Receives the outputs of images first to first + n - 1 of a job: outputs begins with the image
 * `first`, and is borrowed until this returns. microseconds: that the forward pass took, or in a
 * batch with others these images' part of it. */
typedef void CnxOutputsFn(gpointer data, const CnxOutputs *outputs, guint first, guint n,
                          gint64 microseconds);

typedef struct CnxJob {
    const struct CnxJob *next;
    const float *const *images; /* [n] of [height, width, 3] */
    guint n;
    CnxOutputsFn *fn;
    gpointer data;
} CnxJob;

/* Takes a reference to the model. Makes no run yet. */
CnxBatch *cnx_batch_new(CnxModel *model, guint width, guint height, CnxOutput outputs);
void cnx_batch_free(CnxBatch *batch); /* NULL allowed */

/* Sees that there is a run of so many threads, with room for so many images or as many as memory
 * allows. Where it does not allow more threads than before, there is one of the threads before
 * until others are asked for. FALSE with error (as cnx_run_new()) when there is none even for one
 * image.
 */
gboolean cnx_batch_prepare(CnxBatch *batch, guint threads, guint images, GError **error);

/* Most images of one forward pass. */
guint cnx_batch_limit(const CnxBatch *batch);

/* Bytes of the run; 0: there is none. */
gsize cnx_batch_memory(const CnxBatch *batch);

/* Prepared only. Runs all images of a list of jobs, those of several jobs in one forward pass where
 * there is room. A job's fn is called for its images in order, in one or more parts. Returns the
 * number of forward passes. */
guint cnx_batch_run(CnxBatch *batch, const CnxJob *jobs);
