/* ConvNeXt: a stem, four stages of blocks with a downsampling layer before all but the first, a
 * head. Liu et al. 2022 (V1), Woo et al. 2023 (V2).
 *
 * Maps are [n, h, w, c]. The work of a layer is cut into tasks by its geometry alone, never by the
 * number of threads, and no sum is split over tasks but the one of GRN, whose parts are added in
 * order: the results do not depend on the threads.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/forward.h"

#include <math.h>
#include <string.h>

#include "model/linear.h"
#include "model/threads.h"

#define STEM 4              /* kernel and stride of the stem */
#define FEW_STRIP_PIXELS 32 /* of one task in the elementwise parts of such layers */

/* What the tasks of one loop share. */
typedef struct Layer {
    CnxRun *run;
    const CnxStageSize *in, *out;
    const CnxLinear *linear;
    const CnxBlock *block;
    const float *x; /* [n, in]; of the stem: run->images */
    float *y;       /* [n, out] */
    guint rows;     /* of out in one strip */
    guint strips;   /* of one image */
} Layer;

typedef struct Strip {
    guint image, index;
    guint y0, y1; /* rows of out */
    gsize pixel;  /* the first, counted over the batch */
    guint pixels;
} Strip;

guint cnx_strip_rows(const CnxStageSize *size, guint pixels)
{
    const gsize strips = ((gsize)size->h * size->w + pixels - 1) / pixels;

    return (guint)MAX(1, (size->h + strips - 1) / strips);
}

static void cut(Layer *layer, guint pixels)
{
    layer->rows = cnx_strip_rows(layer->out, pixels);
    layer->strips = (layer->out->h + layer->rows - 1) / layer->rows;
}

static Strip strip_of(const Layer *layer, guint task)
{
    const CnxStageSize *out = layer->out;
    Strip s = {.image = task / layer->strips, .index = task % layer->strips};

    s.y0 = s.index * layer->rows;
    s.y1 = MIN(s.y0 + layer->rows, out->h);
    s.pixel = ((gsize)s.image * out->h + s.y0) * out->w;
    s.pixels = (s.y1 - s.y0) * out->w;
    return s;
}

static float *scratch_of(const Layer *layer, guint slot)
{
    return layer->run->scratch + slot * layer->run->scratch_size;
}

static void for_strips(Layer *layer, guint n, CnxTaskFn *fn)
{
    cnx_threads_loop(layer->run->threads, n * layer->strips, fn, layer);
}

static gboolean few_pixels(const CnxStageSize *size, guint n)
{
    return (gsize)n * size->h * size->w < CNX_FEW_PIXELS;
}

/* ---- Stem and downsampling ---- */

/* Non-overlapping 4x4 convolution and norm. A patch row is contiguous in the input. */
static void stem_task(gpointer data, guint task, guint slot)
{
    const Layer *t = data;
    const CnxRun *run = t->run;
    const Strip s = strip_of(t, task);
    const gsize line = STEM * 3, row = (gsize)t->in->w * 3; /* floats */
    const float *image = run->images[s.image];              /* [h, w, 3] of in */
    const CnxNorm *norm = &run->weights->stem_norm;
    float *patch = scratch_of(t, slot); /* [pixels, 4, 4, 3] */
    float *y = t->y + s.pixel * t->out->c;
    const int c = (int)t->out->c;

    for (guint i = s.y0; i < s.y1; i++)
        for (guint j = 0; j < t->out->w; j++)
            for (guint k = 0; k < STEM; k++, patch += line)
                memcpy(patch, image + (gsize)(STEM * i + k) * row + j * line, line * sizeof *patch);

    cnx_linear(run, t->linear, (CnxProduct){.m = s.pixels, .a = scratch_of(t, slot), .c = y});
    run->kernels->layernorm(y, t->out->c, y, t->out->c, (int)s.pixels, c, norm->weight, norm->bias,
                            (float)run->config->eps);
}

/* The normed 2x2 patches of a strip: [pixels, 2, 2, c of in]. A row or column left over by an odd
 * side is in no patch. */
static void norm_patches(const Layer *t, const Strip *s, float *patches)
{
    const gsize c = t->in->c, row = (gsize)t->in->w * c; /* floats */
    const float *image = t->x + (gsize)s->image * t->in->h * row;

    for (guint i = s->y0; i < s->y1; i++, patches += (gsize)t->out->w * 4 * c)
        for (guint tap = 0; tap < 4; tap++)
            t->run->kernels->layernorm(
                patches + tap * c, 4 * c, image + (2 * i + tap / 2) * row + tap % 2 * c, 2 * c,
                (int)t->out->w, (int)c, NULL, NULL, (float)t->run->config->eps);
}

static void downsample_task(gpointer data, guint task, guint slot)
{
    const Layer *t = data;
    const Strip s = strip_of(t, task);
    float *patches = scratch_of(t, slot);

    norm_patches(t, &s, patches);
    cnx_linear(t->run, t->linear,
               (CnxProduct){.m = s.pixels, .a = patches, .c = t->y + s.pixel * t->out->c});
}

static void norm_patches_task(gpointer data, guint task, guint slot)
{
    const Layer *t = data;
    const Strip s = strip_of(t, task);

    norm_patches(t, &s, t->run->patches + s.pixel * 4 * t->in->c);
}

/* Norm and 2x2 convolution of stride 2; for the first stage the stem. */
static void downsample(CnxRun *run, guint i, guint n, const float *x, float *y)
{
    const CnxStageSize image = {run->height, run->width, 3};
    Layer layer = {.run = run,
                   .in = i > 0 ? &run->size[i - 1] : &image,
                   .out = &run->size[i],
                   .linear = &run->weights->stage[i].down,
                   .x = x,
                   .y = y};

    if (i > 0 && few_pixels(layer.out, n)) {
        cut(&layer, FEW_STRIP_PIXELS);
        for_strips(&layer, n, norm_patches_task);
        cnx_linear_columns(
            run, layer.linear, 1,
            (CnxProduct){.m = n * layer.out->h * layer.out->w, .a = run->patches, .c = y});
        return;
    }
    cut(&layer, CNX_STRIP_PIXELS);
    for_strips(&layer, n, i > 0 ? downsample_task : stem_task);
}

/* ---- Blocks ---- */

/* u = norm(dwconv(x)) of a strip: [pixels, c]. The affine part of the norm is in pw1. */
static void dwconv_norm(const Layer *t, const Strip *s, float *u)
{
    const CnxKernels *kernels = t->run->kernels;
    const CnxStageSize *size = t->out;
    const float *image = t->x + (gsize)s->image * size->h * size->w * size->c;

    kernels->dwconv7(u, image, (int)size->h, (int)size->w, (int)size->c, t->block->dw_weight,
                     t->block->dw_bias, (int)s->y0, (int)s->y1);
    kernels->layernorm(u, size->c, u, size->c, (int)s->pixels, (int)size->c, NULL, NULL,
                       (float)t->run->config->eps);
}

/* V1, a strip from end to end: y = x + pw2(act(pw1(norm(dwconv(x))))). The hidden layer is never
 * whole. */
static void block_task(gpointer data, guint task, guint slot)
{
    const Layer *t = data;
    const Strip s = strip_of(t, task);
    const gsize c = t->out->c;
    float *u = scratch_of(t, slot);                     /* [rows, w, c] */
    float *hidden = u + (gsize)t->rows * t->out->w * c; /* [CNX_STRIP_PIXELS, 4c] */

    dwconv_norm(t, &s, u);
    for (guint p = 0; p < s.pixels; p += CNX_STRIP_PIXELS) {
        const guint m = MIN(CNX_STRIP_PIXELS, s.pixels - p);
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
    const Layer *t = data;
    const Strip s = strip_of(t, task);
    const gsize wide = 4 * (gsize)t->out->c;
    float *sumsq = t->run->sumsq + task * wide; /* [n, strips, 4c] */
    float *u = scratch_of(t, slot);             /* [rows, w, c] */

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
static float *grn_scale(const Layer *t, const Strip *s, guint sums)
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
    const Layer *t = data;
    const Strip s = strip_of(t, task);
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
    const Layer *t = data;
    const Strip s = strip_of(t, task);

    dwconv_norm(t, &s, t->run->normed + s.pixel * t->out->c);
}

static void grn_scale_task(gpointer data, guint task, guint slot)
{
    const Strip s = strip_of(data, task);

    grn_scale(data, &s, 1);
}

/* A block of a small map, layer by layer. */
static void block_by_columns(Layer *layer, guint n)
{
    CnxRun *run = layer->run;
    const CnxBlock *block = layer->block;
    const guint pixels = layer->out->h * layer->out->w, wide = 4 * layer->out->c;
    CnxProduct expand = {
        .m = n * pixels, .a = run->normed, .c = run->hidden, .act = run->config->act};
    const CnxProduct project = {
        .m = n * pixels, .a = run->hidden, .c = layer->y, .residual = layer->x};

    cut(layer, FEW_STRIP_PIXELS);
    for_strips(layer, n, dwconv_norm_task);
    if (block->grn_gamma == NULL) {
        cnx_linear_columns(run, &block->pw1, 1, expand);
    } else {
        memset(run->sumsq, 0, (gsize)n * wide * sizeof *run->sumsq);
        expand.m = pixels;
        expand.sumsq = run->sumsq;
        cnx_linear_columns(run, &block->pw1, n, expand);
        grn(run, n, 1, wide, block->grn_gamma);
        for_strips(layer, n, grn_scale_task);
    }
    cnx_linear_columns(run, &block->pw2, 1, project);
}

static void block(CnxRun *run, guint i, guint j, guint n, const float *x, float *y)
{
    Layer layer = {.run = run,
                   .in = &run->size[i],
                   .out = &run->size[i],
                   .block = &run->weights->stage[i].blocks[j],
                   .x = x,
                   .y = y};

    if (few_pixels(layer.out, n)) {
        block_by_columns(&layer, n);
        return;
    }
    cut(&layer, CNX_STRIP_PIXELS);
    if (layer.block->grn_gamma == NULL) {
        for_strips(&layer, n, block_task);
        return;
    }
    for_strips(&layer, n, block_expand_task);
    grn(run, n, layer.strips, 4 * layer.out->c, layer.block->grn_gamma);
    for_strips(&layer, n, block_project_task);
}

/* ---- Head ---- */

/* The mean over an image's pixels; for _hnf networks of the pixels' norms. */
static void pool_task(gpointer data, guint task, guint slot)
{
    const Layer *t = data;
    const CnxRun *run = t->run;
    const CnxNorm *norm = &run->weights->norm;
    const gsize c = t->in->c, pixels = (gsize)t->in->h * t->in->w;
    const float *x = t->x + task * pixels * c;

    if (run->config->head_norm_first && norm->weight != NULL) {
        float *normed = run->normed + task * pixels * c;

        run->kernels->layernorm(normed, c, x, c, (int)pixels, (int)c, norm->weight, norm->bias,
                                (float)run->config->head_eps);
        x = normed;
    }
    run->kernels->columns_mean(t->y + task * c, x, c, (int)pixels, (int)c);
}

static void head(CnxRun *run, guint n, const float *x)
{
    const CnxNorm *norm = &run->weights->norm;
    Layer pool = {.run = run, .in = &run->size[CNX_STAGES - 1], .x = x, .y = run->pooled};
    const gsize c = pool.in->c;

    cnx_threads_loop(run->threads, n, pool_task, &pool);
    if (!run->config->head_norm_first && norm->weight != NULL)
        run->kernels->layernorm(run->pooled, c, run->pooled, c, (int)n, (int)c, norm->weight,
                                norm->bias, (float)run->config->head_eps);
    if (run->config->hidden > 0)
        cnx_linear_columns(
            run, &run->weights->hidden, 1,
            (CnxProduct){.m = n, .a = run->pooled, .c = run->embedding, .act = CNX_ACT_GELU});
    if (run->logits != NULL)
        cnx_linear_columns(run, &run->weights->head, 1,
                           (CnxProduct){.m = n, .a = run->embedding, .c = run->logits});
}

/* ---- The network ---- */

/* The output buffer when this is the stage's last layer and its map is asked for, else the map
 * that x is not in. */
static float *destination(const CnxRun *run, guint i, gboolean last, const float *x)
{
    if (last && run->stage[i] != NULL)
        return run->stage[i];
    return x == run->map[0] ? run->map[1] : run->map[0];
}

void cnx_forward(CnxRun *run, guint n)
{
    const float *x = NULL;

    for (guint i = 0; i < run->stages; i++) {
        const guint depth = run->weights->stage[i].depth;
        float *y = destination(run, i, depth == 0, x);

        downsample(run, i, n, x, y);
        for (guint j = 0; j < depth; j++) {
            x = y;
            y = destination(run, i, j + 1 == depth, x);
            block(run, i, j, n, x, y);
        }
        x = y;
    }
    if (run->head)
        head(run, n, x);
}
