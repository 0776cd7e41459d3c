/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/network/cam.h"

#include <math.h>
#include <string.h>

#include "model/network/forward.h"
#include "model/network/linear.h"

#define ROWS 32u /* positions that pass through the head together */

/* What the norm behind the pooling does to a vector, with fixed statistics: it subtracts the mean
 * of the vector, if centres, and multiplies by scale. */
typedef struct Statistics {
    gboolean centres;
    double scale;
} Statistics;

gboolean cnx_cam_is_exact(const CnxConfig *config)
{
    const CnxHead *head = &config->head;

    if (config->classes == 0 || head->concat)
        return FALSE;
    for (guint i = 0; i < head->count; i++)
        if (head->steps[i].kind == CNX_HEAD_NORM || head->steps[i].act != CNX_HEAD_ACT_NONE)
            return FALSE;
    return TRUE;
}

static double mean_of(const float *x, gsize c)
{
    double sum = 0;

    for (gsize k = 0; k < c; k++)
        sum += x[k];
    return sum / (double)c;
}

/* p: [c], the pooled vector. simd/layernorm.h has the formulas. */
static Statistics find_statistics(const CnxConfig *config, const float *p, gsize c)
{
    const double mean = config->norm == CNX_NORM_RMS ? 0 : mean_of(p, c);
    const double n = config->norm == CNX_NORM_SIMPLE ? (double)c - 1 : (double)c;
    double square = 0;

    for (gsize k = 0; k < c; k++)
        square += (p[k] - mean) * (p[k] - mean);
    return (Statistics){config->norm == CNX_NORM_LAYER, 1 / sqrt(square / n + config->head_eps)};
}

/* dst, src: [n, c] */
static void normalise(float *dst, const float *src, guint n, gsize c, const CnxNorm *norm,
                      const Statistics *statistics)
{
    for (guint i = 0; i < n; i++, dst += c, src += c) {
        const double mean = statistics->centres ? mean_of(src, c) : 0;

        for (gsize k = 0; k < c; k++)
            dst[k] = (float)((src[k] - mean) * statistics->scale * norm->weight[k] + norm->bias[k]);
    }
}

/* What the head reads for n positions, [n, c], or [n, 2c] for two poolings. */
static void make_inputs(const CnxRun *run, float *dst, const float *src, guint n, gsize c,
                        const Statistics *statistics)
{
    const CnxNorm *norm = &run->weights->norm;

    if (!norm->weight)
        memcpy(dst, src, n * c * sizeof *dst);
    else if (run->config->head_norm_first)
        run->norm(dst, c, src, c, (int)n, (int)c, norm->weight, norm->bias,
                  (float)run->config->head_eps);
    else
        normalise(dst, src, n, c, norm, statistics);
    if (!run->config->head.concat)
        return;
    for (guint i = n; i-- > 0;) { /* a single position is both its maximum and its mean */
        memmove(dst + i * 2 * c, dst + i * c, c * sizeof *dst);
        memcpy(dst + (i * 2 + 1) * c, dst + i * 2 * c, c * sizeof *dst);
    }
}

/* Passes n vectors through the head, from one buffer to the other. Returns where the outputs are,
 * of which only column klass need be set. */
static const float *run_head(const CnxRun *run, float *x, float *y, guint n, guint klass)
{
    const CnxHead *head = &run->config->head;

    for (guint i = 0; i < head->count; i++) {
        const CnxHeadStep *step = &head->steps[i];

        if (step->kind != CNX_HEAD_LINEAR) {
            cnx_forward_head_step(run, i, n, x, x);
            continue;
        }
        if (i + 1 == head->count && step->act == CNX_HEAD_ACT_NONE)
            cnx_linear_one(run, &run->weights->head[i].linear,
                           (CnxProduct){.m = n, .a = x, .c = y, .act = CNX_ACT_NONE}, klass);
        else
            cnx_forward_head_step(run, i, n, x, y);
        float *outputs = y;
        y = x;
        x = outputs;
    }
    return x;
}

static gsize widest(const CnxHead *head, gsize c)
{
    gsize width = c * (1 + (gsize)head->concat);

    for (guint i = 0; i < head->count; i++)
        width = MAX(width, head->steps[i].outputs);
    return width;
}

void cnx_cam(const CnxModel *model, const CnxMap *map, guint image, guint klass, float *cam)
{
    const CnxConfig *config = cnx_model_config(model);
    const CnxKernels *kernels = cnx_model_kernels(model);
    const CnxRun run = {.config = config,
                        .weights = cnx_model_weights(model),
                        .kernels = kernels,
                        .norm = cnx_run_norm(config, kernels),
                        .threads = 1};
    const gsize c = map->channels, pixels = (gsize)map->height * map->width;
    const gsize width = widest(&config->head, c);
    const float *x = map->data + image * pixels * c;
    g_autofree float *a = g_new(float, ROWS *width), *b = g_new(float, ROWS *width);

    g_assert(image < map->n && klass < config->classes);
    kernels->columns_mean(a, x, c, (int)pixels, (int)c);
    const Statistics statistics = find_statistics(config, a, c);
    for (gsize first = 0; first < pixels; first += ROWS) {
        const guint n = (guint)MIN(ROWS, pixels - first);

        make_inputs(&run, a, x + first * c, n, c, &statistics);
        const float *logits = run_head(&run, a, b, n, klass);
        for (guint i = 0; i < n; i++)
            cam[first + i] = logits[(gsize)i * config->classes + klass];
    }
}
