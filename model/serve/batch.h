/* A run that grows with the number of waiting images; all jobs of a queue share it.
 *
 * A batch starts with room for one image. When more images come, it grows up to CNX_BATCH_IMAGES or
 * to what fits in CNX_BATCH_MEMORY. Not thread safe.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/serve/work.h"

/* Limit on the images of one forward pass. tests/bench/batch.c measured, with 2 threads: in a batch
 * of 4 or 8 an image takes 0.85 (bundled model) to 0.94 (convnext_tiny) of the time that it takes
 * alone. Parallel runs of one thread are as fast, also with batches of 4, but need an arena each.
 * With 1 thread all variants take 0.97 to 1.03 of it. */
#define CNX_BATCH_IMAGES 8u

/* Limit on the memory that a batch of several images may take for them, in bytes. */
#define CNX_BATCH_MEMORY ((gsize)96 << 20)

/* Whether a batch of several images keeps to that limit and, with the scratch of all threads, to
 * memory bytes. */
gboolean cnx_batch_fits(const CnxConfig *config, guint width, guint height, CnxOutput outputs,
                        CnxForm form, guint threads, guint images, gsize memory);

typedef struct CnxBatch CnxBatch;

/* Takes its own reference to the model. Does not allocate a run yet. */
CnxBatch *cnx_batch_new(CnxModel *model, guint width, guint height, CnxOutput outputs);
void cnx_batch_free(CnxBatch *batch); /* NULL allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CnxBatch, cnx_batch_free)

/* Makes sure that the batch has a run with this many threads, and with room for this many images or
 * as many as memory allows. If memory does not allow the additional threads, the batch keeps the
 * number it had until a different one is requested. FALSE with error (see cnx_run_new()) if there
 * is not even memory for one image. */
gboolean cnx_batch_prepare(CnxBatch *batch, guint threads, guint images, GError **error);

/* Limits what a run of several images may take, in bytes; at first there is no limit. If the run
 * takes more, the next cnx_batch_prepare() makes a smaller one. */
void cnx_batch_set_memory(CnxBatch *batch, gsize memory);

/* The largest number of images in one forward pass. */
guint cnx_batch_limit(const CnxBatch *batch);

/* Bytes of the run and of the stages' maps of one forward pass; 0 without a run. */
gsize cnx_batch_memory(const CnxBatch *batch);

/* Runs all images of a list of jobs, several jobs in one forward pass if there is room. Calls the
 * fn of a job for its images in order, in one or more parts. The batch must be prepared. Returns
 * the number of forward passes. */
guint cnx_batch_run(CnxBatch *batch, const CnxJob *jobs);

/* For a queue: the network is a CnxModel, the settings are a CnxOutput. */
extern const CnxWorkKind cnx_batch_work;
