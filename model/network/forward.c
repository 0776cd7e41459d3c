/* ConvNeXt: a stem, four stages of blocks with a downsampling layer before all but the first, and a
 * head. Liu et al. 2022 (V1), Woo et al. 2023 (V2).
 *
 * The file reads from the top down: the network, a stage, a block, the three ways to run a block,
 * the head. stem.c and downsample.c hold the layers that change the size of a map.
 *
 * Maps are [n, h, w, c]. The geometry alone decides how a layer is cut into tasks, never the number
 * of threads, except where a cut cannot change a result. Only the sum of GRN spans tasks, and its
 * parts are added in order. So results do not depend on the number of threads.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/network/forward.h"

#include <math.h>
#include <string.h>

#include "model/network/downsample.h"
#include "model/network/linear.h"
#include "model/network/stem.h"
#include "model/network/strips.h"

/* From the network down to the ways to run a block */

static const float *run_stage(CnxRun *run, guint i, guint n, const float *x);
static void run_block(CnxRun *run, guint i, guint j, guint n, const float *x, float *y);
static void block_by_strips(CnxLayer *layer, guint n);
static void block_by_strips_with_grn(CnxLayer *layer, guint n);
static void block_by_columns(CnxLayer *layer, guint n);
static void normalise_output(CnxRun *run, guint i, guint n, const float *x);
static void run_head(CnxRun *run, guint n, const float *x);

/* The network */

void cnx_forward(CnxRun *run, guint n)
{
    const float *x = NULL;

    for (guint i = 0; i < run->stages; i++)
        x = run_stage(run, i, n, x);
    if (run->head)
        run_head(run, n, x);
}

/* A stage */

/* Where a layer of stage i writes: into the output buffer if the layer is the stage's last one and
 * its map is an output without an output norm, otherwise into the map that does not hold x. */
static float *destination(const CnxRun *run, guint i, gboolean last, const float *x)
{
    if (last && run->stage[i] && !run->config->output_norm[i])
        return run->stage[i];
    return x == run->map[0] ? run->map[1] : run->map[0];
}

/* Returns the stage's map. */
static const float *run_stage(CnxRun *run, guint i, guint n, const float *x)
{
    const CnxStage *stage = &run->weights->stage[i];
    guint remaining = (i == 0) + (stage->down.n > 0) + stage->depth; /* layers */
    float *y;

    if (i == 0) {
        y = destination(run, i, --remaining == 0, x);
        cnx_stem(run, n, run->map[1], y);
        x = y;
    }
    if (stage->down.n > 0) {
        y = destination(run, i, --remaining == 0, x);
        if (run->down[i])
            y = run->down[i];
        cnx_downsample(run, i, n, x, y);
        x = y;
    }
    for (guint j = 0; j < stage->depth; j++) {
        y = destination(run, i, --remaining == 0, x);
        run_block(run, i, j, n, x, y);
        x = y;
    }
    if (run->stage[i] && run->config->output_norm[i])
        normalise_output(run, i, n, x);
    return x;
}

/* A block */

/* V1: y = x + pw2(act(pw1(norm(dwconv(x)))))
 * V2: y = x + pw2(grn(act(pw1(norm(dwconv(x))))))
 *
 * There are three ways to compute this. In the drawings each box is a task, time runs to the right,
 * and || waits for all tasks to its left.
 *
 * block_by_columns, if n h w < CNX_FEW_PIXELS and 8 c^2 > CNX_MANY_WEIGHTS. Such a batch has few
 * strips, and each would read all weights. So the products are cut by output columns: a task
 * multiplies all pixels by its part of the weights. The rest is cut into strips, 2 for each thread
 * but at most h. Without GRN the two steps in the middle are absent.
 *
 *     strips                columns of 4c                      strips       columns of c
 *     +--------------+    +-----+-----+-----+    +-------+    +-------+    +-----+-----+-----+
 *     | dwconv, norm |    | pw1 | pw1 | pw1 |    |       |    | scale |    | pw2 | pw2 | pw2 |
 *     +--------------+ || | act | act | act | || |  GRN  | || +-------+ || | + x | + x | + x |
 *     | dwconv, norm |    | sum | sum | sum |    |       |    | scale |    |     |     |     |
 *     +--------------+    +-----+-----+-----+    +-------+    +-------+    +-----+-----+-----+
 *
 * block_by_strips, otherwise, if the block has no GRN. A strip is a band of whole rows with about
 * cnx_block_pixels() pixels, and never waits for another. It goes through pw1 and pw2 in parts of
 * at most CNX_STRIP_PIXELS pixels, so that their hidden layer stays in cache.
 *
 *     +---------+--------------------------------------+
 *     | strip 0 | dwconv, norm, { pw1, act, pw2, + x } |
 *     +---------+--------------------------------------+
 *     | strip 1 | dwconv, norm, { pw1, act, pw2, + x } |
 *     +---------+--------------------------------------+
 *
 * block_by_strips_with_grn, otherwise. GRN scales each hidden channel by its norm over the whole
 * image. So all strips go through pw1 before the first goes through pw2, and the hidden layer of
 * the batch is stored whole.
 *
 *     +---------+-----------------------------+    +-------+    +-----------------+
 *     | strip 0 | dwconv, norm, pw1, act, sum |    |       |    | scale, pw2, + x |
 *     +---------+-----------------------------+ || |  GRN  | || +-----------------+
 *     | strip 1 | dwconv, norm, pw1, act, sum |    |       |    | scale, pw2, + x |
 *     +---------+-----------------------------+    +-------+    +-----------------+
 *
 * sum adds the squares of each hidden channel. The calling thread computes GRN from these sums. */
static void run_block(CnxRun *run, guint i, guint j, guint n, const float *x, float *y)
{
    CnxLayer layer = {.run = run,
                      .in = &run->size[i],
                      .out = &run->size[i],
                      .block = &run->weights->stage[i].blocks[j],
                      .kernel = run->config->kernels[i],
                      .dilation = run->config->dilations[i],
                      .x = x,
                      .y = y};

    if (cnx_prefers_columns(layer.out, n))
        block_by_columns(&layer, n);
    else if (layer.block->grn_gamma)
        block_by_strips_with_grn(&layer, n);
    else
        block_by_strips(&layer, n);
}

/* Parts that several ways share */

/* u = norm(dwconv(x)) of a strip: [pixels, c]. The affine part of the norm is folded into pw1. */
static void dwconv_norm(const CnxLayer *t, const CnxStrip *s, float *u)
{
    const CnxKernels *kernels = t->run->kernels;
    const CnxStageSize *size = t->out;
    const float *image = t->x + (gsize)s->image * size->h * size->w * size->c;

    if (t->kernel == 7 && t->dilation == 1)
        kernels->dwconv7(u, image, (int)size->h, (int)size->w, (int)size->c, t->block->dw_weight,
                         t->block->dw_bias, (int)s->y0, (int)s->y1);
    else
        kernels->dwconv(u, image, (int)size->h, (int)size->w, (int)size->c, (int)t->kernel,
                        (int)t->dilation, t->block->dw_weight, t->block->dw_bias, (int)s->y0,
                        (int)s->y1);
    t->run->norm(u, size->c, u, size->c, (int)s->pixels, (int)size->c, NULL, NULL,
                 (float)t->run->config->eps);
}

/* The activation of the block's hidden layer. If pw2 rounds it to bf16 or int8, GELU needs to be no
 * finer, unless GRN may amplify its smallest values. */
static CnxAct hidden_act(const CnxLayer *t)
{
    const CnxForm form = t->block->pw2.form;
    const CnxAct act = t->run->config->act;

    if (act == CNX_ACT_GELU && !t->block->grn_gamma &&
        (form == CNX_FORM_BF16 || form == CNX_FORM_INT8))
        return CNX_ACT_GELU_COARSE;
    return act;
}

/* hidden *= scale, for the pixels of the strip. sums: rows of sumsq for each image. Returns the
 * strip's hidden layer. */
static float *scale_hidden(const CnxLayer *t, const CnxStrip *s, guint sums)
{
    const gsize wide = 4 * (gsize)t->out->c;
    float *hidden = t->run->hidden + s->pixel * wide;

    t->run->kernels->columns_scale(hidden, wide, (int)s->pixels, (int)wide,
                                   t->run->sumsq + s->image * sums * wide);
    return hidden;
}

/* Global response normalisation of n images, each with `sums` rows of sums of squares:
 *   G[k] = sqrt(sumsq[k]),  x[k] <- x[k] (1 + gamma[k] G[k] / (mean G + 1e-6)) + beta[k]
 * Leaves the factor of x[k] in the first of an image's rows. beta is folded into the bias of pw2.
 */
static void compute_grn_scale(const CnxRun *run, guint n, guint sums, guint wide,
                              const float *gamma)
{
    for (guint image = 0; image < n; image++) {
        float *g = run->sumsq + (gsize)image * sums * wide; /* [sums, 4c] */
        double mean = 0;

        for (guint k = 0; k < wide; k++) {
            double sum = 0;

            for (guint i = 0; i < sums; i++)
                sum += g[(gsize)i * wide + k];
            g[k] = (float)sqrt(sum);
            mean += g[k];
        }
        mean = mean / wide + 1e-6;
        for (guint k = 0; k < wide; k++)
            g[k] = (float)(1 + gamma[k] * (g[k] / mean));
    }
}

/* By strips */

/* One strip from end to end. */
static void whole_block_task(gpointer data, guint task, guint slot)
{
    const CnxLayer *t = data;
    const CnxStrip s = cnx_strip_of(t, task);
    const gsize c = t->out->c;
    const guint parts = (s.pixels + CNX_STRIP_PIXELS - 1) / CNX_STRIP_PIXELS;
    float *u = cnx_strip_scratch(t, slot);          /* [rows, w, c] */
    float *hidden = u + cnx_strip_floats(t, c);     /* [CNX_STRIP_PIXELS, 4c] */
    void *rows = hidden + 4 * CNX_STRIP_PIXELS * c; /* [CNX_STRIP_PIXELS] of 4c */

    dwconv_norm(t, &s, u);
    for (guint i = 0; i < parts; i++) {
        const guint p = (guint)((guint64)i * s.pixels / parts);
        const guint m = (guint)((i + (guint64)1) * s.pixels / parts) - p;
        const gsize first = (s.pixel + p) * c;
        const CnxProduct expand = {
            .m = m, .a = u + p * c, .rows = rows, .c = hidden, .act = hidden_act(t)};
        const CnxProduct project = {
            .m = m, .a = hidden, .rows = rows, .c = t->y + first, .residual = t->x + first};

        cnx_linear(t->run, &t->block->pw1, expand);
        cnx_linear(t->run, &t->block->pw2, project);
    }
}

static void block_by_strips(CnxLayer *layer, guint n)
{
    cnx_strips_cut(layer, cnx_block_pixels(layer->out));
    cnx_strips_loop(layer, n, whole_block_task);
}

/* By strips, with GRN */

/* hidden = act(pw1(norm(dwconv(x)))), and the sums of squares of this strip. */
static void expand_task(gpointer data, guint task, guint slot)
{
    const CnxLayer *t = data;
    const CnxStrip s = cnx_strip_of(t, task);
    const gsize wide = 4 * (gsize)t->out->c;
    float *sumsq = t->run->sumsq + task * wide; /* [n, strips, 4c] */
    float *u = cnx_strip_scratch(t, slot);      /* [rows, w, c] */
    const CnxProduct expand = {.m = s.pixels,
                               .a = u,
                               .rows = u + cnx_strip_floats(t, t->out->c),
                               .c = t->run->hidden + s.pixel * wide,
                               .act = hidden_act(t),
                               .sumsq = sumsq};

    memset(sumsq, 0, wide * sizeof *sumsq);
    dwconv_norm(t, &s, u);
    cnx_linear(t->run, &t->block->pw1, expand);
}

/* y = x + pw2(hidden * scale) */
static void project_task(gpointer data, guint task, guint slot)
{
    const CnxLayer *t = data;
    const CnxStrip s = cnx_strip_of(t, task);
    const gsize first = s.pixel * t->out->c;
    const CnxProduct project = {.m = s.pixels,
                                .a = scale_hidden(t, &s, t->strips),
                                .rows = cnx_strip_scratch(t, slot),
                                .c = t->y + first,
                                .residual = t->x + first};

    cnx_linear(t->run, &t->block->pw2, project);
}

static void block_by_strips_with_grn(CnxLayer *layer, guint n)
{
    cnx_strips_cut(layer, cnx_block_pixels(layer->out));
    cnx_strips_loop(layer, n, expand_task);
    compute_grn_scale(layer->run, n, layer->strips, 4 * layer->out->c, layer->block->grn_gamma);
    cnx_strips_loop(layer, n, project_task);
}

/* By columns */

static void dwconv_norm_task(gpointer data, guint task, guint slot)
{
    const CnxLayer *t = data;
    const CnxStrip s = cnx_strip_of(t, task);
    float *u = t->run->normed + s.pixel * t->out->c;

    dwconv_norm(t, &s, u);
    cnx_linear_round(t->run, &t->block->pw1, s.pixel, s.pixels, u);
}

/* Scales the hidden layer if the block has GRN, then rounds it. */
static void prepare_hidden_task(gpointer data, guint task, guint slot)
{
    const CnxLayer *t = data;
    const CnxStrip s = cnx_strip_of(t, task);
    float *hidden = t->block->grn_gamma ? scale_hidden(t, &s, 1)
                                        : t->run->hidden + s.pixel * 4 * (gsize)t->out->c;

    cnx_linear_round(t->run, &t->block->pw2, s.pixel, s.pixels, hidden);
}

static void block_by_columns(CnxLayer *layer, guint n)
{
    CnxRun *run = layer->run;
    const CnxBlock *block = layer->block;
    const guint pixels = layer->out->h * layer->out->w, wide = 4 * layer->out->c;
    CnxProduct expand = {.m = n * pixels,
                         .a = run->normed,
                         .rows = run->rows,
                         .c = run->hidden,
                         .act = hidden_act(layer)};
    const CnxProduct project = {
        .m = n * pixels, .a = run->hidden, .rows = run->rows, .c = layer->y, .residual = layer->x};

    cnx_strips_share(layer);
    cnx_strips_loop(layer, n, dwconv_norm_task);
    if (!block->grn_gamma) {
        cnx_linear_columns(run, &block->pw1, 1, expand);
    } else {
        memset(run->sumsq, 0, (gsize)n * wide * sizeof *run->sumsq);
        expand.m = pixels;
        expand.sumsq = run->sumsq;
        cnx_linear_columns(run, &block->pw1, n, expand);
        compute_grn_scale(run, n, 1, wide, block->grn_gamma);
    }
    if (block->grn_gamma || block->pw2.form != CNX_FORM_FLOAT)
        cnx_strips_loop(layer, n, prepare_hidden_task);
    cnx_linear_columns(run, &block->pw2, 1, project);
}

/* The outputs */

static void normalise_output_task(gpointer data, guint task, guint slot)
{
    const CnxLayer *t = data;
    const CnxStrip s = cnx_strip_of(t, task);
    const gsize c = t->out->c, first = s.pixel * c;

    t->run->norm(t->y + first, c, t->x + first, c, (int)s.pixels, (int)c, t->norm->weight,
                 t->norm->bias, (float)t->run->config->eps);
}

/* For dense backbones: the stage's output is normalised, the input of the next stage is not. */
static void normalise_output(CnxRun *run, guint i, guint n, const float *x)
{
    CnxLayer layer = {.run = run,
                      .out = &run->size[i],
                      .norm = &run->weights->stage[i].output_norm,
                      .x = x,
                      .y = run->stage[i]};

    cnx_strips_cut(&layer, CNX_STRIP_PIXELS);
    cnx_strips_loop(&layer, n, normalise_output_task);
}

/* dst[k] = the maximum of column k of x, [pixels, c]; NaN if the column has one */
static void columns_max(float *dst, const float *x, gsize c, gsize pixels)
{
    memcpy(dst, x, c * sizeof *dst);
    for (gsize i = 1; i < pixels; i++)
        for (gsize k = 0; k < c; k++) {
            const float v = x[i * c + k];

            dst[k] = v > dst[k] || isnan(v) ? v : dst[k];
        }
}

/* The mean over the pixels of an image, perhaps behind the maximum. Networks with the norm first
 * (timm's _hnf) normalise each pixel before pooling. */
static void pool_task(gpointer data, guint task, guint slot)
{
    const CnxLayer *t = data;
    const CnxRun *run = t->run;
    const CnxNorm *norm = &run->weights->norm;
    const gboolean concat = run->config->head.concat;
    const gsize c = t->in->c, pixels = (gsize)t->in->h * t->in->w;
    const float *x = t->x + task * pixels * c;
    float *y = t->y + task * c * (1 + concat);

    if (run->config->head_norm_first && norm->weight) {
        float *normed = run->normed + task * pixels * c;

        run->norm(normed, c, x, c, (int)pixels, (int)c, norm->weight, norm->bias,
                  (float)run->config->head_eps);
        x = normed;
    }
    if (concat) {
        columns_max(y, x, c, pixels);
        y += c;
    }
    run->kernels->columns_mean(y, x, c, (int)pixels, (int)c);
}

/* The activation of the kernels; CNX_ACT_NONE if they have none. */
static CnxAct kernel_act(CnxHeadAct act)
{
    static const CnxAct acts[] = {
        [CNX_HEAD_ACT_NONE] = CNX_ACT_NONE,           [CNX_HEAD_ACT_RELU] = CNX_ACT_NONE,
        [CNX_HEAD_ACT_GELU] = CNX_ACT_GELU,           [CNX_HEAD_ACT_SILU] = CNX_ACT_SILU,
        [CNX_HEAD_ACT_GELU_TANH] = CNX_ACT_GELU_TANH, [CNX_HEAD_ACT_TANH] = CNX_ACT_NONE,
    };

    return acts[act];
}

static void activate(const CnxRun *run, float *x, gsize n, CnxHeadAct act)
{
    if (act == CNX_HEAD_ACT_RELU)
        for (gsize i = 0; i < n; i++)
            x[i] = x[i] < 0 ? 0 : x[i]; /* keeps NaN */
    else if (act == CNX_HEAD_ACT_TANH)
        for (gsize i = 0; i < n; i++)
            x[i] = tanhf(x[i]);
    else if (act != CNX_HEAD_ACT_NONE)
        run->kernels->activate(x, n, kernel_act(act));
}

/* y = x norm->weight + norm->bias; x, y: [n, c] */
static void scale_and_shift(float *y, const float *x, gsize n, gsize c, const CnxNorm *norm)
{
    for (gsize i = 0; i < n; i++)
        for (gsize k = 0; k < c; k++)
            y[i * c + k] = x[i * c + k] * norm->weight[k] + norm->bias[k];
}

void cnx_forward_head_step(const CnxRun *run, guint i, guint n, const float *x, float *y)
{
    const CnxHeadStep *step = &run->config->head.steps[i];
    const CnxHeadWeights *layer = &run->weights->head[i];
    const gsize c = step->outputs;
    const CnxAct fused = kernel_act(step->act);

    if (step->kind == CNX_HEAD_LINEAR)
        cnx_linear_columns(run, &layer->linear, 1,
                           (CnxProduct){.m = n, .a = x, .c = y, .act = fused});
    else if (step->kind == CNX_HEAD_NORM)
        run->kernels->layernorm(y, c, x, c, (int)n, (int)c, layer->norm.weight, layer->norm.bias,
                                (float)CNX_HEAD_EPS);
    else
        scale_and_shift(y, x, n, c, &layer->norm);
    if (step->kind != CNX_HEAD_LINEAR || fused == CNX_ACT_NONE)
        activate(run, y, n * c, step->act);
}

static void run_head(CnxRun *run, guint n, const float *x)
{
    const CnxNorm *norm = &run->weights->norm;
    CnxLayer pool = {.run = run, .in = &run->size[run->config->stages - 1], .x = x};
    const gsize c = pool.in->c;
    float *input = run->pooled;

    pool.y = run->pooled;
    cnx_threads_loop(run->threads, n, pool_task, &pool);
    if (!run->config->head_norm_first && norm->weight)
        run->norm(run->pooled, c, run->pooled, c, (int)n, (int)c, norm->weight, norm->bias,
                  (float)run->config->head_eps);
    for (guint i = 0; i < run->steps; i++) {
        cnx_forward_head_step(run, i, n, input, run->step[i]);
        input = run->step[i];
    }
}
