/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/serve/batch.h"

#include <string.h>

struct CnxBatch {
    CnxModel *model;
    guint width, height;
    CnxOutput outputs;
    guint asked;         /* threads, the last time; the run may have fewer, for want of memory */
    guint limit;         /* more images would take too much memory */
    CnxRun *run;         /* NULL: there is none */
    guint threads, room; /* of the run; room 0: there is none */
};

CnxBatch *cnx_batch_new(CnxModel *model, guint width, guint height, CnxOutput outputs)
{
    CnxBatch *batch = g_new0(CnxBatch, 1);

    batch->model = cnx_model_ref(model);
    batch->width = width;
    batch->height = height;
    batch->outputs = outputs;
    batch->limit = CNX_BATCH_IMAGES;
    return batch;
}

void cnx_batch_free(CnxBatch *batch)
{
    if (!batch)
        return;
    cnx_run_free(batch->run);
    cnx_model_unref(batch->model);
    g_free(batch);
}

/* A run for so many images, NULL when there is no memory or they take too much. */
static CnxRun *make_run(const CnxBatch *batch, guint images, GError **error)
{
    CnxRun *run = cnx_run_new(batch->model, batch->width, batch->height, images, batch->outputs,
                              batch->threads, images == 1 ? error : NULL);

    if (run && images > 1 && cnx_run_images_memory(run) > CNX_BATCH_MEMORY)
        g_clear_pointer(&run, cnx_run_free);
    return run;
}

/* Sees that the run has so many threads, and room for so many images or the limit. What did not fit
 * beside other threads may fit beside these. */
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

    if (threads == batch->asked)
        threads = before;
    else
        batch->asked = threads;
    if (threads != before)
        images = MAX(images, batch->room);
    if (make_room(batch, threads, images, error))
        return TRUE;
    if (before == 0 || before >= threads)
        return FALSE;
    g_clear_error(error);
    return make_room(batch, before, images, error);
}

guint cnx_batch_limit(const CnxBatch *batch)
{
    return batch->limit;
}

gsize cnx_batch_memory(const CnxBatch *batch)
{
    return batch->run ? cnx_run_memory(batch->run) : 0;
}

static CnxMap map_from(CnxMap map, guint first, guint n)
{
    if (map.data)
        map.data += (gsize)first * map.height * map.width * map.channels;
    map.n = n;
    return map;
}

/* The outputs of n images from number first on. */
static CnxOutputs outputs_from(const CnxOutputs *all, guint first, guint n)
{
    CnxOutputs part = {.logits = map_from(all->logits, first, n),
                       .embedding = map_from(all->embedding, first, n)};

    for (guint i = 0; i < CNX_STAGES; i++)
        part.stage[i] = map_from(all->stage[i], first, n);
    return part;
}

/* Images of one job in one forward pass. */
typedef struct Part {
    const CnxJob *job;
    guint first, n;
} Part;

/* Fills images, [room], and parts, [room], with what comes next; *at images of *job are done.
 * Returns the number of parts. */
static guint fill(const CnxJob **job, guint *at, guint room, const float **images, Part *parts)
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

guint cnx_batch_run(CnxBatch *batch, const CnxJob *jobs)
{
    guint forwards = 0, at = 0;

    for (; jobs != NULL; forwards++) {
        const float *images[CNX_BATCH_IMAGES];
        Part parts[CNX_BATCH_IMAGES];
        const guint count = fill(&jobs, &at, batch->room, images, parts);
        guint n = 0, first = 0;

        for (guint i = 0; i < count; i++)
            n += parts[i].n;
        const gint64 start = g_get_monotonic_time();
        const CnxOutputs *all = cnx_run_forward_images(batch->run, images, n);
        const gint64 took = g_get_monotonic_time() - start;

        for (guint i = 0; i < count; first += parts[i++].n) {
            const CnxOutputs outputs = outputs_from(all, first, parts[i].n);

            parts[i].job->fn(parts[i].job->data, &outputs, parts[i].first, parts[i].n,
                             took * parts[i].n / n);
        }
    }
    return forwards;
}
