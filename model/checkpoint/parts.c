/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/checkpoint/parts.h"

typedef struct Visit {
    CnxPartFn *fn;
    gpointer user_data;
} Visit;

/* Visits module + leaf of shape [a, b, c, d]; the first 0 ends the shape. */
static gboolean tensor(const Visit *visit, const char *module, const char *leaf, guint64 a,
                       guint64 b, guint64 c, guint64 d)
{
    const guint64 shape[] = {a, b, c, d};
    char name[64];
    guint rank = 0;

    while (rank < 4 && shape[rank])
        rank++;
    g_snprintf(name, sizeof name, "%s%s", module, leaf);
    return visit->fn(name, rank, shape, visit->user_data);
}

/* A norm, which has a bias only if it is a layer norm. */
static gboolean norm(const Visit *visit, const CnxConfig *config, const char *module, guint64 n)
{
    return tensor(visit, module, "weight", n, 0, 0, 0) &&
           (config->norm != CNX_NORM_LAYER || tensor(visit, module, "bias", n, 0, 0, 0));
}

/* A linear layer [out, in]. */
static gboolean linear(const Visit *visit, const char *module, guint64 out, guint64 in,
                       gboolean bias)
{
    return tensor(visit, module, "weight", out, in, 0, 0) &&
           (!bias || tensor(visit, module, "bias", out, 0, 0, 0));
}

/* A convolution [out, in, k, k]. */
static gboolean conv(const Visit *visit, const CnxConfig *config, const char *module, guint64 out,
                     guint64 in, guint64 k)
{
    return tensor(visit, module, "weight", out, in, k, k) &&
           (!config->conv_bias || tensor(visit, module, "bias", out, 0, 0, 0));
}

static gboolean stem(const Visit *visit, const CnxConfig *config)
{
    const guint64 c = config->dims[0];

    if (config->stem == CNX_STEM_PATCH) {
        if (!conv(visit, config, "stem.conv.", c, config->channels, config->patch))
            return FALSE;
    } else if (!conv(visit, config, "stem.conv0.", config->stem_width, config->channels, 3) ||
               !conv(visit, config, "stem.conv1.", c, config->stem_width, 3)) {
        return FALSE;
    }
    return !config->stem_norm || norm(visit, config, "stem.norm.", c);
}

static gboolean block(const Visit *visit, const CnxConfig *config, guint stage, guint index)
{
    guint64 c = config->dims[stage];
    char base[32], dw[48], ln[48], pw1[48], pw2[48], grn[48];

    g_snprintf(base, sizeof base, "s%u.b%u.", stage, index);
    g_snprintf(dw, sizeof dw, "%sdw.", base);
    g_snprintf(ln, sizeof ln, "%snorm.", base);
    g_snprintf(pw1, sizeof pw1, "%spw1.", base);
    g_snprintf(pw2, sizeof pw2, "%spw2.", base);
    g_snprintf(grn, sizeof grn, "%sgrn.", base);
    return conv(visit, config, dw, c, 1, config->kernels[stage]) && norm(visit, config, ln, c) &&
           linear(visit, pw1, 4 * c, c, TRUE) &&
           (!config->grn || (tensor(visit, grn, "gamma", 4 * c, 0, 0, 0) &&
                             tensor(visit, grn, "beta", 4 * c, 0, 0, 0))) &&
           linear(visit, pw2, c, 4 * c, TRUE) &&
           (!config->layer_scale || tensor(visit, base, "gamma", c, 0, 0, 0));
}

static gboolean downsample(const Visit *visit, const CnxConfig *config, guint stage)
{
    const guint64 in = config->dims[stage > 0 ? stage - 1 : 0];
    char ln[32], module[32];

    g_snprintf(ln, sizeof ln, "down%u.norm.", stage);
    g_snprintf(module, sizeof module, "down%u.conv.", stage);
    return norm(visit, config, ln, in) && conv(visit, config, module, config->dims[stage], in, 2);
}

static gboolean output_norm(const Visit *visit, const CnxConfig *config, guint stage)
{
    char module[32];

    g_snprintf(module, sizeof module, "outnorm%u.", stage);
    return norm(visit, config, module, config->dims[stage]);
}

static gboolean head_step(const Visit *visit, const CnxHead *head, guint i)
{
    const CnxHeadStep *step = &head->steps[i];
    char module[CNX_HEAD_NAME_SIZE];

    cnx_head_module(head, i, module);
    if (step->kind == CNX_HEAD_LINEAR)
        return linear(visit, module, step->outputs, step->inputs, step->bias);
    return (!step->affine || (tensor(visit, module, "weight", step->inputs, 0, 0, 0) &&
                              tensor(visit, module, "bias", step->inputs, 0, 0, 0))) &&
           (step->kind == CNX_HEAD_NORM ||
            (tensor(visit, module, "running_mean", step->inputs, 0, 0, 0) &&
             tensor(visit, module, "running_var", step->inputs, 0, 0, 0)));
}

static gboolean head(const Visit *visit, const CnxConfig *config)
{
    const guint64 c = config->dims[config->stages - 1];

    if (config->final_norm && !norm(visit, config, "norm.", c))
        return FALSE;
    for (guint i = 0; i < config->head.count; i++)
        if (!head_step(visit, &config->head, i))
            return FALSE;
    return TRUE;
}

gboolean cnx_parts_foreach(const CnxConfig *config, CnxPartFn *fn, gpointer user_data)
{
    const Visit visit = {fn, user_data};

    if (!stem(&visit, config))
        return FALSE;
    for (guint stage = 0; stage < config->stages; stage++) {
        if ((stage > 0 || config->first_down) && !downsample(&visit, config, stage))
            return FALSE;
        for (guint i = 0; i < config->depths[stage]; i++)
            if (!block(&visit, config, stage, i))
                return FALSE;
        if (config->output_norm[stage] && !output_norm(&visit, config, stage))
            return FALSE;
    }
    return head(&visit, config);
}
