/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/serve/batch.h"

#include <string.h>

#include "model/base/pool.h"

#define STAGES (CNX_OUTPUT_STAGE1 | CNX_OUTPUT_STAGE2 | CNX_OUTPUT_STAGE3 | CNX_OUTPUT_STAGE4)

struct CnxBatch {
    CnxModel *model;
    guint width, height;
    CnxOutput outputs;
    guint requested_threads; /* the latest request; the run has fewer if memory is short */
    gsize memory;            /* bytes that a run of several images may take */
    guint limit;             /* images; more would take too much memory */
    CnxRun *run;             /* NULL: none yet */
    CnxPool *pool;           /* of the stages' maps; NULL without any */
    guint threads, room;     /* of the run; room is 0 without one */
};

CnxBatch *cnx_batch_new(CnxModel *model, guint width, guint height, CnxOutput outputs)
{
    CnxBatch *batch = g_new0(CnxBatch, 1);

    batch->model = cnx_model_ref(model);
    batch->width = width;
    batch->height = height;
    batch->outputs = outputs;
    batch->memory = G_MAXSIZE;
    batch->limit = CNX_BATCH_IMAGES;
    if (outputs & STAGES)
        batch->pool = cnx_pool_new();
    return batch;
}

void cnx_batch_free(CnxBatch *batch)
{
    if (!batch)
        return;
    cnx_run_free(batch->run);
    cnx_pool_free(batch->pool);
    cnx_model_unref(batch->model);
    g_free(batch);
}

gboolean cnx_batch_fits(const CnxConfig *config, guint width, guint height, CnxOutput outputs,
                        CnxForm form, guint threads, guint images, gsize memory)
{
    const CnxRunSize size = cnx_run_measure(config, width, height, images, outputs, form, threads);

    return size.images <= MIN(CNX_BATCH_MEMORY, memory) &&
           size.scratch <= (memory - size.images) / threads;
}

static gboolean fits(const CnxBatch *batch, guint images)
{
    return cnx_batch_fits(cnx_model_config(batch->model), batch->width, batch->height,
                          batch->outputs, cnx_model_form(batch->model), batch->threads, images,
                          batch->memory);
}

/* A run for this many images; NULL if it cannot be allocated or would exceed the limits. */
static CnxRun *make_run(const CnxBatch *batch, guint images, GError **error)
{
    if (images > 1 && !fits(batch, images))
        return NULL;
    return cnx_run_new(batch->model, batch->width, batch->height, images,
                       batch->outputs | (batch->pool ? CNX_OUTPUT_LENT : 0), batch->threads,
                       images == 1 ? error : NULL);
}

/* Makes sure that the run has this many threads, and room for this many images or the limit. If
 * the number of threads changes, the limit is reset, since more images may fit. */
static gboolean make_room(CnxBatch *batch, guint threads, guint images, GError **error)
{
    guint room = 1;

    if (batch->threads != threads) {
        g_clear_pointer(&batch->run, cnx_run_free);
        batch->threads = threads;
        batch->room = 0;
        batch->limit = CNX_BATCH_IMAGES;
    }
    while (room < MIN(images, batch->limit))
        room *= 2;
    while (batch->room < room) {
        CnxRun *run = make_run(batch, room, error);

        if (run) {
            cnx_run_free(batch->run);
            batch->run = run;
            batch->room = room;
        } else if (room == 1) {
            return FALSE;
        } else {
            batch->limit = room /= 2;
        }
    }
    return TRUE;
}

gboolean cnx_batch_prepare(CnxBatch *batch, guint threads, guint images, GError **error)
{
    const guint before = batch->threads;

    if (threads == batch->requested_threads)
        threads = before;
    else
        batch->requested_threads = threads;
    if (threads != before)
        images = MAX(images, batch->room);
    if (make_room(batch, threads, images, error))
        return TRUE;
    if (before == 0 || before >= threads)
        return FALSE;
    g_clear_error(error);
    return make_room(batch, before, images, error);
}

void cnx_batch_set_memory(CnxBatch *batch, gsize memory)
{
    if (memory == batch->memory)
        return;
    batch->memory = memory;
    batch->limit = CNX_BATCH_IMAGES;
    if (batch->room > 1 && !fits(batch, batch->room)) {
        g_clear_pointer(&batch->run, cnx_run_free);
        batch->room = 0;
    }
}

guint cnx_batch_limit(const CnxBatch *batch)
{
    return batch->limit;
}

gsize cnx_batch_memory(const CnxBatch *batch)
{
    if (!batch->run)
        return 0;
    return cnx_run_memory(batch->run) + cnx_run_lent_bytes(batch->run, batch->room);
}

static CnxMap map_from(CnxMap map, guint first, guint n)
{
    if (map.data)
        map.data += (gsize)first * map.height * map.width * map.channels;
    map.n = n;
    return map;
}

/* The outputs of images first to first + n - 1. */
static CnxOutputs outputs_from(const CnxOutputs *all, guint first, guint n)
{
    CnxOutputs part = {.logits = map_from(all->logits, first, n),
                       .embedding = map_from(all->embedding, first, n),
                       .block = all->block};

    for (guint i = 0; i < CNX_STAGES; i++) {
        part.stage[i] = map_from(all->stage[i], first, n);
        part.down[i] = map_from(all->down[i], first, n);
    }
    return part;
}

/* Images of a job in one forward pass. */
typedef struct Part {
    const CnxJob *job;
    guint first, n;
} Part;

/* Fills images and parts, [room] each, with the images to run next, and moves on *job and *at: the
 * first *at images of *job are done. Returns the number of parts. */
static guint next_parts(const CnxJob **job, guint *at, guint room, const float **images,
                        Part *parts)
{
    guint count = 0;

    while (*job && room > 0) {
        const guint n = MIN((*job)->n - *at, room);

        parts[count++] = (Part){*job, *at, n};
        memcpy(images, (*job)->images + *at, n * sizeof *images);
        images += n;
        room -= n;
        *at += n;
        if (*at == (*job)->n) {
            *job = (*job)->next;
            *at = 0;
        }
    }
    return count;
}

/* Lends memory for the stages' maps of n images to the run. Sizes are those of 1, 2, 4 or 8 images,
 * so that blocks can be used again. NULL without memory. */
static CnxBlock *lend_block(CnxBatch *batch, guint n)
{
    guint room = 1;

    while (room < n)
        room *= 2;
    CnxBlock *block = cnx_pool_take(batch->pool, cnx_run_lent_bytes(batch->run, room));
    if (block)
        cnx_run_lend(batch->run, cnx_block_data(block), room);
    return block;
}

/* Runs n images, and hands the outputs of each part to its job. */
static void run_parts(CnxBatch *batch, const float *const *images, guint n, const Part *parts,
                      guint count)
{
    CnxBlock *block = batch->pool ? lend_block(batch, n) : NULL;
    guint first = 0;

    if (batch->pool && !block) {
        for (guint i = 0; i < count; i++)
            parts[i].job->fn(parts[i].job->data, NULL, parts[i].first, parts[i].n, 0);
        return;
    }
    const gint64 start = g_get_monotonic_time();
    CnxOutputs all = *cnx_run_forward_images(batch->run, images, n);
    const gint64 duration = g_get_monotonic_time() - start;

    all.block = block;
    for (guint i = 0; i < count; first += parts[i++].n) {
        const CnxOutputs outputs = outputs_from(&all, first, parts[i].n);

        parts[i].job->fn(parts[i].job->data, &outputs, parts[i].first, parts[i].n,
                         duration * parts[i].n / n);
    }
    cnx_block_unref(block);
}

guint cnx_batch_run(CnxBatch *batch, const CnxJob *jobs)
{
    guint forwards = 0, at = 0;

    for (; jobs != NULL; forwards++) {
        const float *images[CNX_BATCH_IMAGES];
        Part parts[CNX_BATCH_IMAGES];
        const guint count = next_parts(&jobs, &at, batch->room, images, parts);
        guint n = 0;

        for (guint i = 0; i < count; i++)
            n += parts[i].n;
        run_parts(batch, images, n, parts, count);
    }
    return forwards;
}

/* As the work of a queue */

static gboolean same_outputs(gconstpointer a, gconstpointer b)
{
    return *(const CnxOutput *)a == *(const CnxOutput *)b;
}

static gpointer model_ref(gpointer model)
{
    return cnx_model_ref(model);
}

static void model_unref(gpointer model)
{
    cnx_model_unref(model);
}

static gpointer work_create(gpointer model, gconstpointer outputs, guint width, guint height)
{
    return cnx_batch_new(model, width, height, *(const CnxOutput *)outputs);
}

static void work_free(gpointer batch)
{
    cnx_batch_free(batch);
}

static gboolean work_prepare(gpointer batch, guint threads, guint images, GError **error)
{
    return cnx_batch_prepare(batch, threads, images, error);
}

static void work_set_memory(gpointer batch, gsize memory)
{
    cnx_batch_set_memory(batch, memory);
}

static guint work_limit(gconstpointer batch)
{
    return cnx_batch_limit(batch);
}

static gsize work_memory(gconstpointer batch)
{
    return cnx_batch_memory(batch);
}

static guint work_run(gpointer batch, const CnxJob *jobs)
{
    return cnx_batch_run(batch, jobs);
}

const CnxWorkKind cnx_batch_work = {
    .settings_size = sizeof(CnxOutput),
    .same_settings = same_outputs,
    .network_ref = model_ref,
    .network_unref = model_unref,
    .create = work_create,
    .free = work_free,
    .prepare = work_prepare,
    .set_memory = work_set_memory,
    .limit = work_limit,
    .memory = work_memory,
    .run = work_run,
};
