/* ConvNeXt: a stem, four stages of blocks with a downsampling layer before all but the first, a
 * head. Liu et al. 2022 (V1), Woo et al. 2023 (V2).
 *
 * Maps are [n, h, w, c]. The work of a layer is cut into tasks by its geometry alone, never by the
 * number of threads, and no sum is split over tasks but the one of GRN, whose parts are added in
 * order: the results do not depend on the threads.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/network/forward.h"

#include <math.h>
#include <string.h>

#include "model/network/linear.h"
#include "model/network/stem.h"
#include "model/network/strips.h"

static gboolean few_pixels(const CnxStageSize *size, guint n)
{
    return (gsize)n * size->h * size->w < CNX_FEW_PIXELS &&
           (gsize)8 * size->c * size->c > CNX_MANY_WEIGHTS;
}

/* Downsampling */

/* The same of a convolution that keeps the map's size: its taps are `dilation` apart, and as many
 * pixels of zeros are around the normed map, the odd one at its right and lower side. */
static void norm_dilated_patches(const CnxLayer *t, const CnxStrip *s, float *patches)
{
    const gsize c = t->in->c, row = (gsize)t->in->w * c; /* floats */
    const float *image = t->x + (gsize)s->image * t->in->h * row;
    const int h = (int)t->in->h, w = (int)t->in->w, d = (int)t->dilation;

    memset(patches, 0, (gsize)s->pixels * 4 * c * sizeof *patches);
    for (int i = (int)s->y0; i < (int)s->y1; i++, patches += (gsize)w * 4 * c)
        for (int tap = 0; tap < 4; tap++) {
            const int y = i + tap / 2 * d - d / 2, shift = tap % 2 * d - d / 2;
            const int from = MAX(0, -shift), to = MIN(w, w - shift); /* outputs that see the map */

            if (y >= 0 && y < h && from < to)
                t->run->norm(patches + ((gsize)from * 4 + (gsize)tap) * c, 4 * c,
                             image + (gsize)y * row + (gsize)(from + shift) * c, c, to - from,
                             (int)c, t->norm->weight, t->norm->bias, (float)t->run->config->eps);
        }
}

/* The normed 2x2 patches of a strip: [pixels, 2, 2, c of in]. A row or column left over by an odd
 * side is in no patch. */
static void norm_patches(const CnxLayer *t, const CnxStrip *s, float *patches)
{
    const gsize c = t->in->c, row = (gsize)t->in->w * c; /* floats */
    const float *image = t->x + (gsize)s->image * t->in->h * row;

    if (t->dilation > 0) {
        norm_dilated_patches(t, s, patches);
        return;
    }
    for (guint i = s->y0; i < s->y1; i++, patches += (gsize)t->out->w * 4 * c)
        for (guint tap = 0; tap < 4; tap++)
            t->run->norm(patches + tap * c, 4 * c, image + (2 * i + tap / 2) * row + tap % 2 * c,
                         2 * c, (int)t->out->w, (int)c, NULL, NULL, (float)t->run->config->eps);
}

static void downsample_task(gpointer data, guint task, guint slot)
{
    const CnxLayer *t = data;
    const CnxStrip s = cnx_strip_of(t, task);
    float *patches = cnx_strip_scratch(t, slot);

    norm_patches(t, &s, patches);
    cnx_linear(t->run, t->linear,
               (CnxProduct){.m = s.pixels, .a = patches, .c = t->y + s.pixel * t->out->c});
}

static void norm_patches_task(gpointer data, guint task, guint slot)
{
    const CnxLayer *t = data;
    const CnxStrip s = cnx_strip_of(t, task);

    norm_patches(t, &s, t->run->patches + s.pixel * 4 * t->in->c);
}

/* timm's rule for the 2x2 convolution before a dilated stage. */
static guint down_dilation(const CnxConfig *config, guint i)
{
    return cnx_config_stride(config, i) == 2 ? 0 : config->dilations[i] > 2 ? 2 : 1;
}

/* Norm and 2x2 convolution of stride 2, or, dilated, of stride 1. */
static void downsample(CnxRun *run, guint i, guint n, const float *x, float *y)
{
    CnxLayer layer = {.run = run,
                      .in = i > 0 ? &run->size[i - 1] : &run->stem_size,
                      .out = &run->size[i],
                      .linear = &run->weights->stage[i].down,
                      .norm = &run->weights->stage[i].down_norm,
                      .dilation = down_dilation(run->config, i),
                      .x = x,
                      .y = y};

    if (few_pixels(layer.out, n)) {
        cnx_strips_share(&layer);
        cnx_strips_loop(&layer, n, norm_patches_task);
        cnx_linear_columns(
            run, layer.linear, 1,
            (CnxProduct){.m = n * layer.out->h * layer.out->w, .a = run->patches, .c = y});
        return;
    }
    cnx_strips_cut(&layer, CNX_STRIP_PIXELS);
    cnx_strips_loop(&layer, n, downsample_task);
}

/* Blocks */

/* u = norm(dwconv(x)) of a strip: [pixels, c]. The affine part of the norm is in pw1. */
static void dwconv_norm(const CnxLayer *t, const CnxStrip *s, float *u)
{
    const CnxKernels *kernels = t->run->kernels;
    const CnxStageSize *size = t->out;
    const float *image = t->x + (gsize)s->image * size->h * size->w * size->c;

    if (t->kernel == 7)
        kernels->dwconv7(u, image, (int)size->h, (int)size->w, (int)size->c, t->block->dw_weight,
                         t->block->dw_bias, (int)s->y0, (int)s->y1);
    else
        kernels->dwconv(u, image, (int)size->h, (int)size->w, (int)size->c, (int)t->kernel,
                        t->block->dw_weight, t->block->dw_bias, (int)s->y0, (int)s->y1);
    t->run->norm(u, size->c, u, size->c, (int)s->pixels, (int)size->c, NULL, NULL,
                 (float)t->run->config->eps);
}

/* V1, a strip from end to end: y = x + pw2(act(pw1(norm(dwconv(x))))). The hidden layer is never
 * whole. */
static void block_task(gpointer data, guint task, guint slot)
{
    const CnxLayer *t = data;
    const CnxStrip s = cnx_strip_of(t, task);
    const gsize c = t->out->c;
    const guint parts = (s.pixels + CNX_STRIP_PIXELS - 1) / CNX_STRIP_PIXELS;
    float *u = cnx_strip_scratch(t, slot);              /* [rows, w, c] */
    float *hidden = u + (gsize)t->rows * t->out->w * c; /* [CNX_STRIP_PIXELS, 4c] */

    dwconv_norm(t, &s, u);
    for (guint i = 0; i < parts; i++) {
        const guint p = (guint)((guint64)i * s.pixels / parts);
        const guint m = (guint)((i + (guint64)1) * s.pixels / parts) - p;
        const gsize first = (s.pixel + p) * c;

        cnx_linear(t->run, &t->block->pw1,
                   (CnxProduct){.m = m, .a = u + p * c, .c = hidden, .act = t->run->config->act});
        cnx_linear(t->run, &t->block->pw2,
                   (CnxProduct){.m = m, .a = hidden, .c = t->y + first, .residual = t->x + first});
    }
}

/* V2, before GRN: hidden = act(pw1(norm(dwconv(x)))), and the strip's sums of squares. */
static void block_expand_task(gpointer data, guint task, guint slot)
{
    const CnxLayer *t = data;
    const CnxStrip s = cnx_strip_of(t, task);
    const gsize wide = 4 * (gsize)t->out->c;
    float *sumsq = t->run->sumsq + task * wide; /* [n, strips, 4c] */
    float *u = cnx_strip_scratch(t, slot);      /* [rows, w, c] */

    memset(sumsq, 0, wide * sizeof *sumsq);
    dwconv_norm(t, &s, u);
    cnx_linear(t->run, &t->block->pw1,
               (CnxProduct){.m = s.pixels,
                            .a = u,
                            .c = t->run->hidden + s.pixel * wide,
                            .act = t->run->config->act,
                            .sumsq = sumsq});
}

/* hidden *= scale, of the strip's image. */
static float *grn_scale(const CnxLayer *t, const CnxStrip *s, guint sums)
{
    const gsize wide = 4 * (gsize)t->out->c;
    float *hidden = t->run->hidden + s->pixel * wide;

    t->run->kernels->columns_scale(hidden, wide, (int)s->pixels, (int)wide,
                                   t->run->sumsq + s->image * sums * wide);
    return hidden;
}

/* V2, after: y = x + pw2(hidden * scale). */
static void block_project_task(gpointer data, guint task, guint slot)
{
    const CnxLayer *t = data;
    const CnxStrip s = cnx_strip_of(t, task);
    const gsize first = s.pixel * t->out->c;

    cnx_linear(t->run, &t->block->pw2,
               (CnxProduct){.m = s.pixels,
                            .a = grn_scale(t, &s, t->strips),
                            .c = t->y + first,
                            .residual = t->x + first});
}

/* Global response normalisation of each image, whose sums of squares are in `sums` rows:
 *   G[k] = sqrt(sumsq[k]),  x[k] <- x[k] (1 + gamma[k] G[k] / (mean G + 1e-6)) + beta[k]
 * Leaves the factor of x[k] in the first of the rows; beta is in the bias of pw2. */
static void grn(const CnxRun *run, guint n, guint sums, guint wide, const float *gamma)
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

static void dwconv_norm_task(gpointer data, guint task, guint slot)
{
    const CnxLayer *t = data;
    const CnxStrip s = cnx_strip_of(t, task);

    dwconv_norm(t, &s, t->run->normed + s.pixel * t->out->c);
}

static void grn_scale_task(gpointer data, guint task, guint slot)
{
    const CnxStrip s = cnx_strip_of(data, task);

    grn_scale(data, &s, 1);
}

/* A block of a small map, layer by layer. */
static void block_by_columns(CnxLayer *layer, guint n)
{
    CnxRun *run = layer->run;
    const CnxBlock *block = layer->block;
    const guint pixels = layer->out->h * layer->out->w, wide = 4 * layer->out->c;
    CnxProduct expand = {
        .m = n * pixels, .a = run->normed, .c = run->hidden, .act = run->config->act};
    const CnxProduct project = {
        .m = n * pixels, .a = run->hidden, .c = layer->y, .residual = layer->x};

    cnx_strips_share(layer);
    cnx_strips_loop(layer, n, dwconv_norm_task);
    if (!block->grn_gamma) {
        cnx_linear_columns(run, &block->pw1, 1, expand);
    } else {
        memset(run->sumsq, 0, (gsize)n * wide * sizeof *run->sumsq);
        expand.m = pixels;
        expand.sumsq = run->sumsq;
        cnx_linear_columns(run, &block->pw1, n, expand);
        grn(run, n, 1, wide, block->grn_gamma);
        cnx_strips_loop(layer, n, grn_scale_task);
    }
    cnx_linear_columns(run, &block->pw2, 1, project);
}

static void block(CnxRun *run, guint i, guint j, guint n, const float *x, float *y)
{
    CnxLayer layer = {.run = run,
                      .in = &run->size[i],
                      .out = &run->size[i],
                      .block = &run->weights->stage[i].blocks[j],
                      .kernel = run->weights->stage[i].kernel,
                      .x = x,
                      .y = y};

    if (few_pixels(layer.out, n)) {
        block_by_columns(&layer, n);
        return;
    }
    cnx_strips_cut(&layer, cnx_block_pixels(layer.out));
    if (!layer.block->grn_gamma) {
        cnx_strips_loop(&layer, n, block_task);
        return;
    }
    cnx_strips_loop(&layer, n, block_expand_task);
    grn(run, n, layer.strips, 4 * layer.out->c, layer.block->grn_gamma);
    cnx_strips_loop(&layer, n, block_project_task);
}

/* Head */

/* The mean over an image's pixels; for _hnf networks of the pixels' norms. */
static void pool_task(gpointer data, guint task, guint slot)
{
    const CnxLayer *t = data;
    const CnxRun *run = t->run;
    const CnxNorm *norm = &run->weights->norm;
    const gsize c = t->in->c, pixels = (gsize)t->in->h * t->in->w;
    const float *x = t->x + task * pixels * c;

    if (run->config->head_norm_first && norm->weight) {
        float *normed = run->normed + task * pixels * c;

        run->norm(normed, c, x, c, (int)pixels, (int)c, norm->weight, norm->bias,
                  (float)run->config->head_eps);
        x = normed;
    }
    run->kernels->columns_mean(t->y + task * c, x, c, (int)pixels, (int)c);
}

static void head(CnxRun *run, guint n, const float *x)
{
    const CnxNorm *norm = &run->weights->norm;
    CnxLayer pool = {.run = run, .in = &run->size[run->config->stages - 1], .x = x};
    const gsize c = pool.in->c;

    pool.y = run->pooled;
    cnx_threads_loop(run->threads, n, pool_task, &pool);
    if (!run->config->head_norm_first && norm->weight)
        run->norm(run->pooled, c, run->pooled, c, (int)n, (int)c, norm->weight, norm->bias,
                  (float)run->config->head_eps);
    if (run->config->hidden > 0)
        cnx_linear_columns(
            run, &run->weights->hidden, 1,
            (CnxProduct){.m = n, .a = run->pooled, .c = run->features, .act = CNX_ACT_GELU});
    if (run->projected)
        cnx_linear_columns(run, &run->weights->head, 1,
                           (CnxProduct){.m = n, .a = run->features, .c = run->projected});
}

/* The network */

static void output_norm_task(gpointer data, guint task, guint slot)
{
    const CnxLayer *t = data;
    const CnxStrip s = cnx_strip_of(t, task);
    const gsize c = t->out->c, first = s.pixel * c;

    t->run->norm(t->y + first, c, t->x + first, c, (int)s.pixels, (int)c, t->norm->weight,
                 t->norm->bias, (float)t->run->config->eps);
}

/* Of a dense backbone: the stage's output is normalised, what the next stage reads is not. */
static void output_norm(CnxRun *run, guint i, guint n, const float *x)
{
    CnxLayer layer = {.run = run,
                      .out = &run->size[i],
                      .norm = &run->weights->stage[i].output_norm,
                      .x = x,
                      .y = run->stage[i]};

    cnx_strips_cut(&layer, CNX_STRIP_PIXELS);
    cnx_strips_loop(&layer, n, output_norm_task);
}

/* The output buffer when this is the stage's last layer and its map is asked for as it is, else
 * the map that x is not in. */
static float *destination(const CnxRun *run, guint i, gboolean last, const float *x)
{
    if (last && run->stage[i] && !run->config->output_norm[i])
        return run->stage[i];
    return x == run->map[0] ? run->map[1] : run->map[0];
}

/* Returns where the stage's map is. */
static const float *stage(CnxRun *run, guint i, guint n, const float *x)
{
    const CnxStage *stage = &run->weights->stage[i];
    guint layers = (i == 0) + (stage->down.n > 0) + stage->depth; /* to come */
    float *y;

    if (i == 0) {
        y = destination(run, i, --layers == 0, x);
        cnx_stem(run, n, run->map[1], y);
        x = y;
    }
    if (stage->down.n > 0) {
        y = destination(run, i, --layers == 0, x);
        downsample(run, i, n, x, y);
        x = y;
    }
    for (guint j = 0; j < stage->depth; j++) {
        y = destination(run, i, --layers == 0, x);
        block(run, i, j, n, x, y);
        x = y;
    }
    if (run->stage[i] && run->config->output_norm[i])
        output_norm(run, i, n, x);
    return x;
}

void cnx_forward(CnxRun *run, guint n)
{
    const float *x = NULL;

    for (guint i = 0; i < run->stages; i++)
        x = stage(run, i, n, x);
    if (run->head)
        head(run, n, x);
}
