/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/network/run.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/memory.h"
#include "model/network/forward.h"
#include "model/network/profile.h"
#include "model/network/stem.h"
#include "model/network/strips.h"
#include "model/threads/cpus.h"
#include "model/threads/threads.h"

CnxLayernormFn *cnx_run_norm(const CnxConfig *config, const CnxKernels *kernels)
{
    switch (config->norm) {
    case CNX_NORM_RMS:
        return kernels->rmsnorm;
    case CNX_NORM_SIMPLE:
        return kernels->simplenorm;
    case CNX_NORM_LAYER:
        break;
    }
    return kernels->layernorm;
}

void cnx_run_plan_sizes(CnxRun *run)
{
    const CnxConfig *config = run->config;

    cnx_stem_plan(run);
    for (guint i = 0; i < config->stages; i++) {
        const CnxStageSize *before = i > 0 ? &run->size[i - 1] : &run->stem_size;
        const guint stride = cnx_config_stride(config, i);

        run->size[i] = (CnxStageSize){before->h / stride, before->w / stride, config->dims[i]};
    }
}

static gboolean has_stage(CnxOutput outputs, guint i)
{
    return (outputs & CNX_OUTPUT_STAGE(i)) != 0;
}

static gboolean has_down(CnxOutput outputs, guint i)
{
    return i > 0 && (outputs & CNX_OUTPUT_DOWN(i)) != 0;
}

static void plan_outputs(CnxRun *run, CnxOutput outputs)
{
    run->head = (outputs & (CNX_OUTPUT_LOGITS | CNX_OUTPUT_EMBEDDING)) != 0;
    run->is_lent = (outputs & CNX_OUTPUT_LENT) != 0;
    for (guint i = 0; i < CNX_STAGES; i++) {
        run->has_stage[i] = has_stage(outputs, i);
        g_assert(!run->is_lent || !has_down(outputs, i)); /* without blocks, both are one map */
    }
    for (guint i = 0; i < run->config->stages; i++)
        if (run->head || has_stage(outputs, i) || has_down(outputs, i))
            run->stages = i + 1;
}

static float *take_map(const CnxRun *run, guint i, CnxArena *arena)
{
    return CNX_TAKE(arena, run->batch, run->size[i].h, run->size[i].w, run->size[i].c);
}

/* The size of each buffer in floats: the largest that a layer needs. pixels: of a batch; c':
 * channels of the stage before. */
typedef struct Largest {
    gsize map;     /* pixels c */
    gsize few;     /* pixels c, of small maps */
    gsize patches; /* pixels 4 c', of small maps */
    gsize hidden;  /* pixels 4c, of small maps, or of all with GRN */
    gsize rows;    /* pixels times the floats of a rounded row of 4c or 4c', of small maps */
    gsize sumsq;   /* batch strips 4c */
    gsize scratch; /* of one thread */
} Largest;

/* *largest = MAX(*largest, a b c); FALSE if the product overflows. */
static gboolean raise_to(gsize *largest, gsize a, gsize b, gsize c)
{
    gsize product;

    if (!g_size_checked_mul(&product, a, b) || !g_size_checked_mul(&product, product, c))
        return FALSE;
    *largest = MAX(*largest, product);
    return TRUE;
}

/* *largest = MAX(*largest, a b + c d); FALSE if that overflows. */
static gboolean raise_to_sum(gsize *largest, gsize a, gsize b, gsize c, gsize d)
{
    gsize first, second, sum;

    if (!g_size_checked_mul(&first, a, b) || !g_size_checked_mul(&second, c, d) ||
        !g_size_checked_add(&sum, first, second))
        return FALSE;
    *largest = MAX(*largest, sum);
    return TRUE;
}

/* FALSE if the map exceeds the range of the kernels' counters. */
static gboolean measure_map(const CnxRun *run, const CnxStageSize *size, Largest *l)
{
    gsize pixels;

    return g_size_checked_mul(&pixels, (gsize)size->h * size->w, run->batch) &&
           pixels <= G_MAXINT && raise_to(&l->map, pixels, size->c, 1);
}

static gboolean measure_stem(const CnxRun *run, Largest *l)
{
    gsize scratch;

    return measure_map(run, &run->mid_size, l) && measure_map(run, &run->stem_size, l) &&
           cnx_stem_scratch(run, &scratch) && raise_to(&l->scratch, scratch, 1, 1);
}

/* An upper bound on the size, in floats, of a rounded row of k inputs; 0 if the products read
 * floats. */
static gsize row_floats(const CnxRun *run, gsize k)
{
    static const gsize bytes[] = {
        [CNX_FORM_FLOAT] = 0,
        [CNX_FORM_BF16] = 2,
        [CNX_FORM_INT8] = 1,
    };

    const gsize most = run->form == CNX_FORM_FLOAT ? 0 : bytes[run->form] * (k + 64) + 64;

    if (run->kernels && most > 0)
        g_assert(cnx_products(run->kernels, run->form).row_size((int)k) <= most);
    return most / sizeof(float);
}

static gboolean measure_stage(const CnxRun *run, guint i, Largest *l)
{
    const CnxStageSize *size = &run->size[i];
    const gsize c = size->c, before = i > 0 ? run->size[i - 1].c : run->stem_size.c;
    const guint strips = cnx_strip_count(size, cnx_block_pixels(size));
    const gsize strip = (gsize)cnx_strip_rows(size, strips) * size->w;
    const gsize down =
        (gsize)cnx_strip_rows(size, cnx_strip_count(size, CNX_STRIP_PIXELS)) * size->w;
    gsize pixels, few;

    if (!measure_map(run, size, l))
        return FALSE;
    pixels = (gsize)size->h * size->w * run->batch;
    few = MIN(pixels, CNX_FEW_PIXELS);
    return raise_to(&l->few, few, c, 1) && raise_to(&l->patches, few, 4, before) &&
           raise_to(&l->hidden, run->config->grn ? pixels : few, 4, c) &&
           raise_to(&l->sumsq, run->config->grn ? (gsize)run->batch * strips : 0, 4, c) &&
           raise_to(&l->rows, few, row_floats(run, 4 * MAX(c, before)), 1) &&
           raise_to(&l->scratch, down, 4 * before + row_floats(run, 4 * before), 1) &&
           raise_to_sum(&l->scratch, strip, c + c % 2 + row_floats(run, 4 * c),
                        4 * CNX_STRIP_PIXELS, c);
}

static gboolean measure(const CnxRun *run, Largest *largest)
{
    gboolean is_fine = measure_stem(run, largest);

    for (guint i = 0; i < run->stages && is_fine; i++)
        is_fine = measure_stage(run, i, largest);
    return is_fine;
}

/* Norms of the head work in place. */
static void plan_head(CnxRun *run, CnxOutput outputs, CnxArena *arena)
{
    const CnxHead *head = &run->config->head;
    const gboolean is_needed = run->config->projection > 0 || (outputs & CNX_OUTPUT_LOGITS);
    float *x = run->pooled;

    run->steps = is_needed ? head->count : head->output;
    for (guint i = 0; i < run->steps; i++) {
        if (i == head->output)
            run->features = x;
        if (head->steps[i].kind == CNX_HEAD_LINEAR)
            x = CNX_TAKE(arena, run->batch, head->steps[i].outputs);
        run->step[i] = x;
    }
    if (run->steps <= head->output)
        run->features = x;
}

/* Takes each buffer from the arena; with base NULL only counts. */
static void plan_arena(CnxRun *run, CnxOutput outputs, const Largest *l, CnxArena *arena)
{
    const CnxConfig *config = run->config;
    const CnxStageSize *last = &run->size[config->stages - 1];
    const gsize normed = MAX(l->few, config->head_norm_first && run->head
                                         ? (gsize)run->batch * last->h * last->w * last->c
                                         : 0);

    run->map[0] = CNX_TAKE(arena, l->map);
    run->map[1] = CNX_TAKE(arena, l->map);
    for (guint i = 0; i < CNX_STAGES; i++) {
        if (has_stage(outputs, i) && !run->is_lent)
            run->stage[i] = take_map(run, i, arena);
        if (has_down(outputs, i)) /* without blocks, both are one map */
            run->down[i] =
                run->stage[i] && config->depths[i] == 0 ? run->stage[i] : take_map(run, i, arena);
    }
    run->normed = CNX_TAKE(arena, normed);
    run->patches = CNX_TAKE(arena, l->patches);
    run->hidden = CNX_TAKE(arena, l->hidden);
    run->rows = CNX_TAKE(arena, l->rows);
    run->sumsq = CNX_TAKE(arena, l->sumsq);
    if (run->head) {
        run->pooled = CNX_TAKE(arena, run->batch, last->c, 1 + config->head.concat);
        plan_head(run, outputs, arena);
    }
    /* At least a page between the threads keeps their prefetchers apart. */
    run->scratch_size = (l->scratch + 2047) / 1024 * 1024;
    run->scratch = CNX_TAKE(arena, run->threads, run->scratch_size);
}

/* memory: of the caller; NULL: to allocate */
static gboolean allocate_memory(CnxRun *run, CnxOutput outputs, void *memory)
{
    Largest largest = {0};
    CnxArena arena = {NULL};

    run->images = g_try_new(const float *, run->batch);
    if (!run->images || !measure(run, &largest))
        return FALSE;
    if (!memory) {
        plan_arena(run, outputs, &largest, &arena);
        if (!cnx_arena_bytes(&arena, &run->memory_size))
            return FALSE;
        memory = run->memory = cnx_memory_new(run->memory_size);
        if (!memory)
            return FALSE;
    }
    arena = (CnxArena){.base = memory};
    plan_arena(run, outputs, &largest, &arena);
    return TRUE;
}

/* Bytes of the outputs of an image. */
static gsize measure_outputs(const CnxRun *run, CnxOutput outputs)
{
    const CnxConfig *config = run->config;
    gsize floats = 0;

    for (guint i = 0; i < config->stages; i++)
        floats += (gsize)(has_stage(outputs, i) + has_down(outputs, i)) * run->size[i].h *
                  run->size[i].w * run->size[i].c;
    if (outputs & CNX_OUTPUT_LOGITS)
        floats += config->classes;
    if (outputs & CNX_OUTPUT_EMBEDDING)
        floats += config->projection > 0
                      ? config->projection
                      : cnx_head_features(&config->head, config->dims[config->stages - 1]);
    return floats * sizeof(float);
}

CnxRunSize cnx_run_measure(const CnxConfig *config, guint width, guint height, guint batch,
                           CnxOutput outputs, CnxForm form, guint threads)
{
    const CnxRunSize too_large = {G_MAXSIZE, G_MAXSIZE, G_MAXSIZE, G_MAXSIZE};
    CnxRun run = {.config = config,
                  .form = form,
                  .threads = threads,
                  .batch = batch,
                  .width = width,
                  .height = height};
    Largest largest = {0};
    CnxArena arena = {NULL};
    gsize bytes;

    if (MIN(width, height) < cnx_config_min_side(config))
        return (CnxRunSize){0};
    cnx_run_plan_sizes(&run);
    plan_outputs(&run, outputs);
    if (!measure(&run, &largest))
        return too_large;
    plan_arena(&run, outputs, &largest, &arena);
    if (!cnx_arena_bytes(&arena, &bytes))
        return too_large;
    const gsize scratch = run.scratch_size * sizeof(float);
    return (CnxRunSize){
        .images = bytes - threads * scratch,
        .scratch = scratch,
        .outputs = measure_outputs(&run, outputs),
        .lent = cnx_run_lent_bytes(&run, batch),
    };
}

void cnx_run_stage_sizes(const CnxConfig *config, guint width, guint height,
                         CnxMap stage[CNX_STAGES])
{
    CnxRun run = {.config = config, .width = width, .height = height};

    cnx_run_plan_sizes(&run);
    for (guint i = 0; i < CNX_STAGES; i++)
        stage[i] = (CnxMap){NULL, 1, run.size[i].h, run.size[i].w, run.size[i].c};
}

static void describe_outputs(CnxRun *run, CnxOutput outputs)
{
    const CnxConfig *config = run->config;
    CnxOutputs *o = &run->outputs;

    for (guint i = 0; i < CNX_STAGES; i++) {
        o->stage[i] = (CnxMap){run->stage[i], 0, run->size[i].h, run->size[i].w, run->size[i].c};
        o->down[i] = (CnxMap){run->down[i], 0, run->size[i].h, run->size[i].w, run->size[i].c};
    }
    const float *last = run->steps > 0 ? run->step[run->steps - 1] : NULL;
    if (outputs & CNX_OUTPUT_LOGITS)
        o->logits = (CnxMap){last, 0, 1, 1, config->classes};
    if (outputs & CNX_OUTPUT_EMBEDDING)
        o->embedding =
            config->projection > 0
                ? (CnxMap){last, 0, 1, 1, config->projection}
                : (CnxMap){run->features, 0, 1, 1,
                           cnx_head_features(&config->head, config->dims[config->stages - 1])};
}

static gboolean has_later_stage(const CnxConfig *config, CnxOutput outputs)
{
    for (guint i = config->stages; i < CNX_STAGES; i++)
        if (has_stage(outputs, i) || has_down(outputs, i))
            return TRUE;
    return FALSE;
}

static gboolean check_settings(CnxModel *model, guint width, guint height, guint batch,
                               CnxOutput outputs, GError **error)
{
    const CnxConfig *config = cnx_model_config(model);
    const guint side = cnx_config_min_side(config);

    if (width < side || height < side)
        g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                    "%s needs images of at least %ux%u pixels, not %ux%u", config->variant, side,
                    side, width, height);
    else if (batch == 0 || outputs == 0)
        g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                    "a run of %s needs at least one image and one output", config->variant);
    else if ((outputs & CNX_OUTPUT_LOGITS) && config->projection > 0)
        g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                    "%s projects images to embeddings and has no classifier, so it has no logits",
                    config->variant);
    else if ((outputs & CNX_OUTPUT_LOGITS) && config->classes == 0)
        g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                    "%s has no classifier, so it has no logits", config->variant);
    else if (has_later_stage(config, outputs))
        g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                    "%s has only %u stage%s, so it has no map of a later one", config->variant,
                    config->stages, config->stages > 1 ? "s" : "");
    else
        return TRUE;
    return FALSE;
}

/* threads: 1 or more; memory: of the caller, or NULL */
static CnxRun *new_run(CnxModel *model, guint width, guint height, guint batch, CnxOutput outputs,
                       guint threads, void *memory, GError **error)
{
    g_autoptr(CnxRun) run = NULL;

    if (!check_settings(model, width, height, batch, outputs, error))
        return NULL;

    run = g_new0(CnxRun, 1);
    run->model = cnx_model_ref(model);
    run->config = cnx_model_config(model);
    run->weights = cnx_model_weights(model);
    run->kernels = cnx_model_kernels(model);
    run->form = cnx_model_form(model);
    run->threads = threads;
    run->batch = batch;
    run->width = width;
    run->height = height;
    cnx_threads_acquire(run->threads);
    run->norm = cnx_run_norm(run->config, run->kernels);
    cnx_run_plan_sizes(run);
    plan_outputs(run, outputs);
    if (!allocate_memory(run, outputs, memory)) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY,
                    "not enough memory to run %s on %u images of %ux%u pixels",
                    run->config->variant, batch, width, height);
        return NULL;
    }
    if (!cnx_profile_new(&run->profile, run, error))
        return NULL;
    if (run->profile) {
        run->kernels = cnx_profile_kernels(run->profile);
        run->norm = cnx_run_norm(run->config, run->kernels);
    }
    describe_outputs(run, outputs);
    return g_steal_pointer(&run);
}

CnxRun *cnx_run_new(CnxModel *model, guint width, guint height, guint batch, CnxOutput outputs,
                    guint threads, GError **error)
{
    return new_run(model, width, height, batch, outputs,
                   threads == 0 ? cnx_cpus_available() : MIN(threads, CNX_THREADS_MAX), NULL,
                   error);
}

CnxRun *cnx_run_new_in(CnxModel *model, guint width, guint height, guint batch, CnxOutput outputs,
                       guint threads, void *memory, GError **error)
{
    g_assert(memory && threads >= 1 && threads <= CNX_THREADS_MAX);
    return new_run(model, width, height, batch, outputs, threads, memory, error);
}

void cnx_run_free(CnxRun *run)
{
    if (!run)
        return;
    cnx_profile_free(run->profile);
    cnx_threads_release();
    cnx_model_unref(run->model);
    free(run->memory);
    g_free(run->input);
    g_free(run->images);
    g_free(run);
}

float *cnx_run_input(CnxRun *run, guint image)
{
    const gsize floats = (gsize)run->height * run->width * 3;

    g_assert(image < run->batch);
    if (!run->input)
        run->input = g_new0(float, run->batch *floats);
    return run->input + image * floats;
}

static const CnxOutputs *run_batch(CnxRun *run, guint n)
{
    CnxOutputs *o = &run->outputs;

    if (run->profile)
        cnx_profile_forward(run->profile, run, n);
    else
        cnx_forward(run, n);
    o->logits.n = o->embedding.n = n;
    for (guint i = 0; i < CNX_STAGES; i++)
        o->stage[i].n = o->down[i].n = n;
    return o;
}

const CnxOutputs *cnx_run_forward(CnxRun *run, guint n)
{
    g_assert(n >= 1 && n <= run->batch);
    for (guint i = 0; i < n; i++)
        run->images[i] = cnx_run_input(run, i);
    return run_batch(run, n);
}

const CnxOutputs *cnx_run_forward_images(CnxRun *run, const float *const *images, guint n)
{
    g_assert(n >= 1 && n <= run->batch);
    memcpy(run->images, images, n * sizeof *images);
    return run_batch(run, n);
}

static gsize lent_floats(const CnxRun *run, guint i, guint n)
{
    const gsize line = CNX_ALIGNMENT / sizeof(float);
    const CnxStageSize *size = &run->size[i];
    const gsize floats = (gsize)size->h * size->w * size->c * n;

    return run->is_lent && run->has_stage[i] ? (floats + line - 1) / line * line : 0;
}

gsize cnx_run_lent_bytes(const CnxRun *run, guint n)
{
    gsize floats = 0;

    for (guint i = 0; i < run->config->stages; i++)
        floats += lent_floats(run, i, n);
    return floats * sizeof(float);
}

void cnx_run_lend(CnxRun *run, void *memory, guint n)
{
    float *next = memory;

    for (guint i = 0; i < run->config->stages; i++) {
        const gsize floats = lent_floats(run, i, n);

        if (floats > 0)
            run->outputs.stage[i].data = run->stage[i] = next;
        next += floats;
    }
}

gsize cnx_run_memory(const CnxRun *run)
{
    return run->memory_size;
}
