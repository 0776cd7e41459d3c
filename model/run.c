/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/run.h"

#include <stdlib.h>
#include <string.h>

#include "model/cpus.h"
#include "model/forward.h"
#include "model/memory.h"
#include "model/threads.h"

#define MIN_SIDE 32 /* below it the last stage's map is empty */

/* Sides by the floor rule. */
static void plan_sizes(CnxRun *run)
{
    for (guint i = 0; i < CNX_STAGES; i++) {
        run->size[i].h = run->height >> (2 + i);
        run->size[i].w = run->width >> (2 + i);
        run->size[i].c = run->config->dims[i];
    }
}

static void plan_outputs(CnxRun *run, CnxOutput outputs)
{
    run->head = (outputs & (CNX_OUTPUT_LOGITS | CNX_OUTPUT_EMBEDDING)) != 0;
    for (guint i = 0; i < CNX_STAGES; i++)
        if (run->head || (outputs & (CNX_OUTPUT_STAGE1 << i)))
            run->stages = i + 1;
}

/* Largest of the stages' [batch, h, w] x c; FALSE in fits when a product of that kind exceeds what
 * the kernels count with. */
typedef struct Largest {
    gsize map;     /* b h w c */
    gsize few;     /* pixels c, where maps are small */
    gsize patches; /* pixels 4 c', where maps are small; c': of the stage before */
    gsize hidden;  /* pixels 4c: where maps are small, or everywhere with GRN */
    gsize sumsq;   /* strips 4c */
    gsize scratch; /* of one thread */
} Largest;

/* Checked: *largest = max(*largest, product of the factors). */
static gboolean grow(gsize *largest, gsize a, gsize b, gsize c)
{
    gsize product;

    if (!g_size_checked_mul(&product, a, b) || !g_size_checked_mul(&product, product, c))
        return FALSE;
    *largest = MAX(*largest, product);
    return TRUE;
}

static gboolean measure_stage(const CnxRun *run, guint i, Largest *l)
{
    const CnxStageSize *size = &run->size[i];
    const gsize c = size->c, before = i > 0 ? run->size[i - 1].c : 12; /* 4 x 12: a stem's patch */
    const gsize rows = cnx_strip_rows(size, CNX_STRIP_PIXELS), strip = rows * size->w;
    const gsize strips = (size->h + rows - 1) / rows;
    gsize pixels, few;

    if (!g_size_checked_mul(&pixels, (gsize)size->h * size->w, run->batch) || pixels > G_MAXINT)
        return FALSE;
    few = MIN(pixels, CNX_FEW_PIXELS);
    return grow(&l->map, pixels, c, 1) && grow(&l->few, few, c, 1) &&
           grow(&l->patches, few, 4, before) &&
           grow(&l->hidden, run->config->grn ? pixels : few, 4, c) &&
           grow(&l->sumsq, run->config->grn ? run->batch * strips : 0, 4, c) &&
           grow(&l->scratch, strip, 4, before) &&
           grow(&l->scratch, strip + 4 * CNX_STRIP_PIXELS, c, 1);
}

/* Takes each buffer from the arena, or with base NULL counts them. */
static void plan_arena(CnxRun *run, CnxOutput outputs, const Largest *l, CnxArena *arena)
{
    const CnxConfig *config = run->config;
    const CnxStageSize *last = &run->size[CNX_STAGES - 1];
    const gsize normed = MAX(l->few, config->head_norm_first && run->head
                                         ? (gsize)run->batch * last->h * last->w * last->c
                                         : 0);

    run->map[0] = CNX_TAKE(arena, l->map);
    run->map[1] = CNX_TAKE(arena, l->map);
    for (guint i = 0; i < CNX_STAGES; i++)
        if (outputs & (CNX_OUTPUT_STAGE1 << i))
            run->stage[i] =
                CNX_TAKE(arena, run->batch, run->size[i].h, run->size[i].w, run->size[i].c);
    run->normed = CNX_TAKE(arena, normed);
    run->patches = CNX_TAKE(arena, l->patches);
    run->hidden = CNX_TAKE(arena, l->hidden);
    run->sumsq = CNX_TAKE(arena, l->sumsq);
    if (run->head) {
        run->pooled = run->embedding = CNX_TAKE(arena, run->batch, last->c);
        if (config->hidden > 0)
            run->embedding = CNX_TAKE(arena, run->batch, config->hidden);
        if (outputs & CNX_OUTPUT_LOGITS)
            run->logits = CNX_TAKE(arena, run->batch, config->classes);
    }
    /* A whole page between the threads' parts keeps their prefetchers apart. */
    run->scratch_size = (l->scratch + 2047) / 1024 * 1024;
    run->scratch = CNX_TAKE(arena, run->threads, run->scratch_size);
    /* Last: where callers bring their own images, its pages are never touched. */
    run->input = CNX_TAKE(arena, run->batch, run->height, run->width, 3);
}

static gboolean allocate(CnxRun *run, CnxOutput outputs)
{
    Largest largest = {0};
    CnxArena arena = {NULL};

    run->images = g_try_new(const float *, run->batch);
    if (run->images == NULL)
        return FALSE;
    for (guint i = 0; i < run->stages; i++)
        if (!measure_stage(run, i, &largest))
            return FALSE;
    plan_arena(run, outputs, &largest, &arena);
    if (!cnx_arena_bytes(&arena, &run->memory_size))
        return FALSE;
    run->memory = cnx_memory_new(run->memory_size);
    if (run->memory == NULL)
        return FALSE;
    arena = (CnxArena){.base = run->memory};
    plan_arena(run, outputs, &largest, &arena);
    return TRUE;
}

static void publish(CnxRun *run, CnxOutput outputs)
{
    CnxOutputs *o = &run->outputs;

    for (guint i = 0; i < CNX_STAGES; i++)
        o->stage[i] = (CnxMap){run->stage[i], 0, run->size[i].h, run->size[i].w, run->size[i].c};
    o->logits = (CnxMap){run->logits, 0, 1, 1, run->config->classes};
    o->embedding = (CnxMap){outputs & CNX_OUTPUT_EMBEDDING ? run->embedding : NULL, 0, 1, 1,
                            run->config->hidden > 0 ? run->config->hidden : run->config->dims[3]};
}

static gboolean check(CnxModel *model, guint width, guint height, guint batch, CnxOutput outputs,
                      GError **error)
{
    const char *variant = cnx_model_config(model)->variant;

    if (width < MIN_SIDE || height < MIN_SIDE)
        g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                    "%s takes images of at least %ux%u pixels, not %ux%u", variant, MIN_SIDE,
                    MIN_SIDE, width, height);
    else if (batch == 0 || outputs == 0)
        g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                    "a run of %s needs at least one image and one output", variant);
    else if ((outputs & CNX_OUTPUT_LOGITS) && cnx_model_config(model)->classes == 0)
        g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                    "%s has no classifier, so there are no logits", variant);
    else
        return TRUE;
    return FALSE;
}

CnxRun *cnx_run_new(CnxModel *model, guint width, guint height, guint batch, CnxOutput outputs,
                    guint threads, GError **error)
{
    CnxRun *run;

    if (!check(model, width, height, batch, outputs, error))
        return NULL;

    run = g_new0(CnxRun, 1);
    run->model = cnx_model_ref(model);
    run->config = cnx_model_config(model);
    run->weights = cnx_model_weights(model);
    run->kernels = cnx_model_kernels(model);
    run->threads = threads == 0 ? cnx_cpus_available() : MIN(threads, CNX_THREADS_MAX);
    run->batch = batch;
    run->width = width;
    run->height = height;
    cnx_threads_acquire(run->threads);
    plan_sizes(run);
    plan_outputs(run, outputs);
    if (!allocate(run, outputs)) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY,
                    "no memory to run %s on %u images of %ux%u pixels", run->config->variant, batch,
                    width, height);
        g_clear_pointer(&run, cnx_run_free);
        return NULL;
    }
    publish(run, outputs);
    return run;
}

void cnx_run_free(CnxRun *run)
{
    if (run == NULL)
        return;
    cnx_threads_release();
    cnx_model_unref(run->model);
    free(run->memory);
    g_free(run->images);
    g_free(run);
}

float *cnx_run_input(CnxRun *run, guint image)
{
    g_assert(image < run->batch);
    return run->input + (gsize)image * run->height * run->width * 3;
}

static const CnxOutputs *forward(CnxRun *run, guint n)
{
    CnxOutputs *o = &run->outputs;

    cnx_forward(run, n);
    o->logits.n = o->embedding.n = n;
    for (guint i = 0; i < CNX_STAGES; i++)
        o->stage[i].n = n;
    return o;
}

const CnxOutputs *cnx_run_forward(CnxRun *run, guint n)
{
    g_assert(n >= 1 && n <= run->batch);
    for (guint i = 0; i < n; i++)
        run->images[i] = cnx_run_input(run, i);
    return forward(run, n);
}

const CnxOutputs *cnx_run_forward_images(CnxRun *run, const float *const *images, guint n)
{
    g_assert(n >= 1 && n <= run->batch);
    memcpy(run->images, images, n * sizeof *images);
    return forward(run, n);
}

gsize cnx_run_memory(const CnxRun *run)
{
    return run->memory_size;
}
