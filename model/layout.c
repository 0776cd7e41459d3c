/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/layout.h"

typedef struct Visit {
    CnxLayoutFn *fn;
    gpointer user_data;
} Visit;

/* module + leaf, of shape [a, b, c, d] cut at the first 0. */
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

static gboolean norm(const Visit *visit, const char *module, guint64 n)
{
    return tensor(visit, module, "weight", n, 0, 0, 0) && tensor(visit, module, "bias", n, 0, 0, 0);
}

/* A convolution [out, in, k, k] or, with k 0, a linear layer [out, in]. */
static gboolean weighted(const Visit *visit, const char *module, guint64 out, guint64 in, guint64 k)
{
    return tensor(visit, module, "weight", out, in, k, k) &&
           tensor(visit, module, "bias", out, 0, 0, 0);
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
    return weighted(visit, dw, c, 1, 7) && norm(visit, ln, c) &&
           weighted(visit, pw1, 4 * c, c, 0) &&
           (!config->grn || (tensor(visit, grn, "gamma", 4 * c, 0, 0, 0) &&
                             tensor(visit, grn, "beta", 4 * c, 0, 0, 0))) &&
           weighted(visit, pw2, c, 4 * c, 0) &&
           (!config->layer_scale || tensor(visit, base, "gamma", c, 0, 0, 0));
}

static gboolean downsample(const Visit *visit, const CnxConfig *config, guint stage)
{
    char ln[32], conv[32];

    g_snprintf(ln, sizeof ln, "down%u.norm.", stage);
    g_snprintf(conv, sizeof conv, "down%u.conv.", stage);
    return norm(visit, ln, config->dims[stage - 1]) &&
           weighted(visit, conv, config->dims[stage], config->dims[stage - 1], 2);
}

static gboolean head(const Visit *visit, const CnxConfig *config)
{
    guint64 c = config->dims[CNX_STAGES - 1];

    return (!config->final_norm || norm(visit, "norm.", c)) &&
           (!config->hidden || weighted(visit, "head.hidden.", config->hidden, c, 0)) &&
           (!config->classes ||
            weighted(visit, "head.", config->classes, config->hidden ? config->hidden : c, 0));
}

gboolean cnx_layout_foreach(const CnxConfig *config, CnxLayoutFn *fn, gpointer user_data)
{
    const Visit visit = {fn, user_data};

    if (!weighted(&visit, "stem.conv.", config->dims[0], 3, 4) ||
        !norm(&visit, "stem.norm.", config->dims[0]))
        return FALSE;
    for (guint stage = 0; stage < CNX_STAGES; stage++) {
        if (stage > 0 && !downsample(&visit, config, stage))
            return FALSE;
        for (guint i = 0; i < config->depths[stage]; i++)
            if (!block(&visit, config, stage, i))
                return FALSE;
    }
    return head(&visit, config);
}
