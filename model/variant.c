/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/variant.h"

#include <stdio.h>
#include <string.h>

#define DIM_MAX (1u << 16)     /* channels; published: 3072 */
#define CLASSES_MAX (1u << 24) /* published: 21841 */

enum { V1 = 1, V2 = 2 };

static const struct {
    const char *name;
    guint depths[CNX_STAGES], dims[CNX_STAGES];
    guint versions;
} variants[] = {
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

/* timm's networks for its own tests. */
static const struct {
    const char *name;
    guint depths[CNX_STAGES], dims[CNX_STAGES];
} tests[] = {
    {"test_convnext", {1, 2, 4, 2}, {24, 32, 48, 64}},
    {"test_convnext2", {1, 1, 1, 1}, {32, 64, 96, 128}},
};

typedef struct Inference {
    GHashTable *tensors;
    const CnxNaming *naming;
    const char *file;
    CnxConfig *config;
    GError **error;
} Inference;

static const CnxTensor *find(const Inference *in, const char *canonical)
{
    return g_hash_table_lookup(in->tensors, canonical);
}

G_GNUC_PRINTF(3, 4)
static gboolean fail(const Inference *in, CnxError code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(in->error, CNX_ERROR, code, "%s: %s", in->file, what);
    return FALSE;
}

static gboolean missing(const Inference *in, const char *canonical)
{
    g_autofree char *original = cnx_naming_original(in->naming, canonical);
    return fail(in, CNX_ERROR_NOT_CONVNEXT, "has no tensor \"%s\", which a ConvNeXt needs",
                original);
}

/* Dimension 0 as a width. */
static gboolean read_width(const Inference *in, const CnxTensor *t, guint max, guint *width)
{
    if (t->rank < 1 || t->shape[0] < 1 || t->shape[0] > max) {
        g_autofree char *name = cnx_quote(t->name);
        return fail(in, CNX_ERROR_UNSUPPORTED,
                    "tensor %s has %" G_GUINT64_FORMAT " outputs, expected 1 to %u", name,
                    t->rank ? t->shape[0] : 0, max);
    }
    *width = t->shape[0];
    return TRUE;
}

/* The highest block of each stage, provided that the ones before it are there. */
static gboolean infer_depths(const Inference *in)
{
    guint stage, block, *depths = in->config->depths;
    GHashTableIter iter;
    gpointer key;

    g_hash_table_iter_init(&iter, in->tensors);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        if (sscanf(key, "s%u.b%u.", &stage, &block) != 2)
            continue;
        if (stage >= CNX_STAGES)
            return fail(in, CNX_ERROR_UNSUPPORTED, "has more than %d stages", CNX_STAGES);
        depths[stage] = MAX(depths[stage], block + 1);
    }
    for (stage = 0; stage < CNX_STAGES; stage++) {
        for (block = 0; block < MAX(depths[stage], 1); block++) {
            char name[48];
            g_snprintf(name, sizeof name, "s%u.b%u.dw.weight", stage, block);
            if (!find(in, name))
                return missing(in, name);
        }
    }
    return TRUE;
}

static gboolean infer_dims(const Inference *in)
{
    for (guint stage = 0; stage < CNX_STAGES; stage++) {
        for (guint block = 0; block < in->config->depths[stage]; block++) {
            char name[48];
            g_snprintf(name, sizeof name, "s%u.b%u.dw.weight", stage, block);
            const CnxTensor *dw = find(in, name);
            if (block == 0 && !read_width(in, dw, DIM_MAX, &in->config->dims[stage]))
                return FALSE;
            if (dw->rank == 4 && (dw->shape[2] != 7 || dw->shape[3] != 7)) {
                g_autofree char *quoted = cnx_quote(dw->name);
                return fail(in, CNX_ERROR_UNSUPPORTED,
                            "depthwise convolution %s has a kernel of %" G_GUINT64_FORMAT
                            "x%" G_GUINT64_FORMAT ", this version runs 7x7 only",
                            quoted, dw->shape[2], dw->shape[3]);
            }
        }
    }
    return TRUE;
}

static gboolean check_stem(const Inference *in)
{
    const CnxTensor *t = find(in, "stem.conv.weight");

    if (!t)
        return missing(in, "stem.conv.weight");
    if (t->rank != 4)
        return TRUE;
    g_autofree char *name = cnx_quote(t->name);
    if (t->shape[2] == 3 && t->shape[3] == 3)
        return fail(in, CNX_ERROR_UNSUPPORTED,
                    "has an overlapping stem (3x3 convolution %s), this version runs the 4x4 "
                    "patch stem only",
                    name);
    if (t->shape[2] != 4 || t->shape[3] != 4)
        return fail(in, CNX_ERROR_UNSUPPORTED,
                    "has a patch size of %" G_GUINT64_FORMAT "x%" G_GUINT64_FORMAT
                    " (convolution %s), this version runs 4x4 only",
                    t->shape[2], t->shape[3], name);
    if (t->shape[1] != 3)
        return fail(in, CNX_ERROR_UNSUPPORTED,
                    "expects images of %" G_GUINT64_FORMAT
                    " channels (convolution %s), this version runs 3 only",
                    t->shape[1], name);
    return TRUE;
}

static gboolean check_blocks(const Inference *in)
{
    const CnxTensor *pw1 = find(in, "s0.b0.pw1.weight");
    guint64 c = in->config->dims[0];

    if (find(in, "s0.b0.norm.weight") && !find(in, "s0.b0.norm.bias"))
        return fail(in, CNX_ERROR_UNSUPPORTED,
                    "has norms without bias (RMS or simple norm), this version runs layer "
                    "normalisation only");
    if (pw1 && pw1->rank >= 2 && pw1->shape[0] != 4 * c && pw1->shape[1] == c) {
        g_autofree char *name = cnx_quote(pw1->name);
        return fail(in, CNX_ERROR_UNSUPPORTED,
                    "expands %" G_GUINT64_FORMAT " channels to %" G_GUINT64_FORMAT
                    " in %s, this version runs an expansion ratio of 4 only",
                    c, pw1->shape[0], name);
    }
    return TRUE;
}

static gboolean infer_head(const Inference *in)
{
    CnxConfig *config = in->config;
    const CnxTensor *norm = find(in, "norm.weight");
    const CnxTensor *hidden = find(in, "head.hidden.weight"), *head = find(in, "head.weight");

    config->final_norm = norm != NULL;
    config->head_norm_first = norm && g_str_has_suffix(norm->name, "norm_pre.weight");
    if (hidden && !read_width(in, hidden, DIM_MAX, &config->hidden))
        return FALSE;
    if (head && !read_width(in, head, CLASSES_MAX, &config->classes))
        return FALSE;
    return !head || norm || missing(in, "norm.weight");
}

static void infer_flags(const Inference *in)
{
    GHashTableIter iter;
    gpointer key;

    g_hash_table_iter_init(&iter, in->tensors);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        if (strstr(key, ".grn."))
            in->config->grn = TRUE;
        else if (g_str_has_suffix(key, ".gamma"))
            in->config->layer_scale = TRUE;
    }
}

static gboolean same(const guint *a, const guint *b)
{
    return !memcmp(a, b, CNX_STAGES * sizeof *a);
}

static char *describe(const CnxConfig *config)
{
    const char *family = config->grn ? "convnextv2" : "convnext";
    const guint *n = config->depths, *c = config->dims;

    for (guint i = 0; i < G_N_ELEMENTS(variants); i++) {
        if (!same(n, variants[i].depths) || !same(c, variants[i].dims) ||
            !(variants[i].versions & (config->grn ? V2 : V1)))
            continue;
        return g_strconcat(family, "_", variants[i].name, config->hidden ? "_mlp" : "",
                           config->head_norm_first ? "_hnf" : "", NULL);
    }
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
        if (!config->grn && same(n, tests[i].depths) && same(c, tests[i].dims))
            return g_strdup(tests[i].name);
    return g_strdup_printf("%s (%u,%u,%u,%u; %u,%u,%u,%u)", family, n[0], n[1], n[2], n[3], c[0],
                           c[1], c[2], c[3]);
}

/* Numbers that no tensor shows: the library's, for this variant. */
static void infer_invisible(CnxConfig *config)
{
    gboolean test = g_str_has_prefix(config->variant, "test_convnext");
    gboolean wide = !strcmp(config->variant, "convnext_xxlarge");

    config->act = CNX_ACT_GELU;
    config->eps = 1e-6;
    if (config->dialect == CNX_DIALECT_TIMM && (test || wide))
        config->eps = config->head_eps = 1e-5;
    if (config->dialect == CNX_DIALECT_TIMM && test)
        config->act = CNX_ACT_GELU_TANH;
}

gboolean cnx_variant_lookup(const char *name, guint depths[CNX_STAGES], guint dims[CNX_STAGES])
{
    const char *size = strchr(name, '_');

    if (!size || (!g_str_has_prefix(name, "convnext_") && !g_str_has_prefix(name, "convnextv2_")))
        return FALSE;
    g_autofree char *word = g_strndup(size + 1, strcspn(size + 1, "_."));
    for (guint i = 0; i < G_N_ELEMENTS(variants); i++) {
        if (strcmp(word, variants[i].name))
            continue;
        memcpy(depths, variants[i].depths, sizeof variants[i].depths);
        memcpy(dims, variants[i].dims, sizeof variants[i].dims);
        return TRUE;
    }
    return FALSE;
}

gboolean cnx_variant_infer(GHashTable *tensors, const CnxNaming *naming, const char *file,
                           CnxConfig *config, GError **error)
{
    const Inference in = {tensors, naming, file, config, error};

    if (!infer_depths(&in) || !infer_dims(&in) || !check_stem(&in) || !check_blocks(&in) ||
        !infer_head(&in))
        return FALSE;
    infer_flags(&in);
    config->dialect = naming->dialect;
    config->head_eps = naming->head_eps;
    config->variant = describe(config);
    infer_invisible(config);
    return TRUE;
}
