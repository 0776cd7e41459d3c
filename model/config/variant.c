/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/config/variant.h"

#include <string.h>

enum { V1 = 1, V2 = 2 };

static const struct {
    const char *name;
    guint depths[CNX_STAGES], dims[CNX_STAGES];
    guint versions;
} variants[] = {
    {"zepto", {2, 2, 4, 2}, {32, 64, 128, 256}, V1},
    {"atto", {2, 2, 6, 2}, {40, 80, 160, 320}, V1 | V2},
    {"femto", {2, 2, 6, 2}, {48, 96, 192, 384}, V1 | V2},
    {"pico", {2, 2, 6, 2}, {64, 128, 256, 512}, V1 | V2},
    {"nano", {2, 2, 8, 2}, {80, 160, 320, 640}, V1 | V2},
    {"tiny", {3, 3, 9, 3}, {96, 192, 384, 768}, V1 | V2},
    {"small", {3, 3, 27, 3}, {96, 192, 384, 768}, V1 | V2},
    {"base", {3, 3, 27, 3}, {128, 256, 512, 1024}, V1 | V2},
    {"large", {3, 3, 27, 3}, {192, 384, 768, 1536}, V1 | V2},
    {"xlarge", {3, 3, 27, 3}, {256, 512, 1024, 2048}, V1},
    {"huge", {3, 3, 27, 3}, {352, 704, 1408, 2816}, V2},
    {"xxlarge", {3, 4, 30, 3}, {384, 768, 1536, 3072}, V1},
};

/* timm's networks for its test suite. */
static const struct {
    const char *name;
    guint depths[CNX_STAGES], dims[CNX_STAGES], kernels[CNX_STAGES];
    CnxAct act;
} tests[] = {
    {"test_convnext", {1, 2, 4, 2}, {24, 32, 48, 64}, {7, 7, 7, 7}, CNX_ACT_GELU_TANH},
    {"test_convnext2", {1, 1, 1, 1}, {32, 64, 96, 128}, {7, 7, 7, 7}, CNX_ACT_GELU_TANH},
    {"test_convnext3", {1, 1, 1, 1}, {32, 64, 96, 128}, {7, 5, 5, 3}, CNX_ACT_SILU},
};

/* facebookresearch's networks with a single stage. */
static const struct {
    const char *name;
    guint depth, dim;
} isotropic[] = {{"small", 18, 384}, {"base", 18, 768}, {"large", 36, 1024}};

static gboolean are_equal(const guint *a, const guint *b)
{
    return !memcmp(a, b, CNX_STAGES * sizeof *a);
}

static char *name_isotropic(const CnxConfig *config)
{
    const guint depth = config->depths[0], dim = config->dims[0];

    for (guint i = 0; i < G_N_ELEMENTS(isotropic); i++)
        if (depth == isotropic[i].depth && dim == isotropic[i].dim)
            return g_strconcat("convnext_isotropic_", isotropic[i].name, NULL);
    return g_strdup_printf("convnext_isotropic (%u; %u)", depth, dim);
}

/* The published size with the same version, depths and widths, whatever the stem, norms and head;
 * or NULL. */
static const char *name_size(const CnxConfig *config)
{
    for (guint i = 0; i < G_N_ELEMENTS(variants); i++)
        if (are_equal(config->depths, variants[i].depths) &&
            are_equal(config->dims, variants[i].dims) &&
            (variants[i].versions & (config->grn ? V2 : V1)))
            return variants[i].name;
    return NULL;
}

static gboolean is_test(const CnxConfig *config, guint i)
{
    return !config->grn && are_equal(config->depths, tests[i].depths) &&
           are_equal(config->dims, tests[i].dims) && are_equal(config->kernels, tests[i].kernels);
}

static void append_numbers(GString *text, const char *before, const guint *numbers, guint count)
{
    for (guint i = 0; i < count; i++)
        g_string_append_printf(text, "%s%u", i > 0 ? "," : before, numbers[i]);
}

/* Appends in brackets the numbers that the name does not imply: unpublished depths and widths,
 * unusual sizes of patches and kernels. */
static void append_rest(GString *text, const CnxConfig *config, gboolean named)
{
    static const guint ordinary[CNX_STAGES] = {7, 7, 7, 7};
    const gsize start = text->len;

    if (!named) {
        append_numbers(text, "; ", config->depths, config->stages);
        append_numbers(text, "; ", config->dims, config->stages);
    }
    if (config->stem == CNX_STEM_PATCH && config->patch != 4)
        g_string_append_printf(text, "; patches of %u", config->patch);
    if (memcmp(config->kernels, ordinary, config->stages * sizeof *ordinary))
        append_numbers(text, "; kernels of ", config->kernels, config->stages);
    if (text->len == start)
        return;
    g_string_erase(text, start, 2);
    g_string_insert(text, start, " (");
    g_string_append_c(text, ')');
}

char *cnx_variant_describe(const CnxConfig *config)
{
    const char *size = name_size(config);
    guint hidden;
    GString *text;

    if (!config->stem_norm)
        return name_isotropic(config);
    text = g_string_new(config->grn ? "convnextv2" : "convnext");
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
        if (is_test(config, i))
            return g_string_free(g_string_assign(text, tests[i].name), FALSE);
    if (size)
        g_string_append_printf(text, "_%s", size);
    if (cnx_head_is_plain(&config->head, &hidden) && hidden && !config->projection)
        g_string_append(text, "_mlp");
    if (config->head_norm_first)
        g_string_append(text, "_hnf");
    if (config->norm != CNX_NORM_LAYER)
        g_string_append(text, "_rms");
    if (config->stem != CNX_STEM_PATCH)
        g_string_append(text, "_ols");
    append_rest(text, config, size != NULL);
    return g_string_free(text, FALSE);
}

gboolean cnx_variant_lookup(const char *name, CnxPublished *published)
{
    const char *size = strchr(name, '_');
    g_autofree char *whole = g_strndup(name, strcspn(name, "."));

    *published = (CnxPublished){.act = CNX_ACT_GELU, .eps = 1e-6};
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++) {
        if (strcmp(whole, tests[i].name))
            continue;
        memcpy(published->depths, tests[i].depths, sizeof tests[i].depths);
        memcpy(published->dims, tests[i].dims, sizeof tests[i].dims);
        published->act = tests[i].act;
        published->eps = 1e-5;
        return TRUE;
    }
    if (!size || (!g_str_has_prefix(name, "convnext_") && !g_str_has_prefix(name, "convnextv2_")))
        return FALSE;
    g_autofree char *word = g_strndup(size + 1, strcspn(size + 1, "_."));
    for (guint i = 0; i < G_N_ELEMENTS(variants); i++) {
        if (strcmp(word, variants[i].name))
            continue;
        memcpy(published->depths, variants[i].depths, sizeof variants[i].depths);
        memcpy(published->dims, variants[i].dims, sizeof variants[i].dims);
        if (!strcmp(word, "xxlarge"))
            published->eps = 1e-5;
        published->grn = g_str_has_prefix(name, "convnextv2_");
        published->overlaps = g_str_has_suffix(whole, "_ols");
        if (strstr(whole, "_rms")) /* zepto's name is misleading */
            published->norm = !strcmp(word, "zepto") ? CNX_NORM_SIMPLE : CNX_NORM_RMS;
        return TRUE;
    }
    return FALSE;
}

void cnx_variant_invisible(CnxConfig *config)
{
    CnxPublished published;

    config->act = CNX_ACT_GELU;
    config->eps = 1e-6;
    if ((config->dialect != CNX_DIALECT_TIMM && config->dialect != CNX_DIALECT_OPEN_CLIP) ||
        !cnx_variant_lookup(config->variant, &published))
        return;
    config->act = published.act;
    config->eps = config->head_eps = published.eps;
    if (config->norm != CNX_NORM_LAYER)
        config->norm = published.norm;
}
