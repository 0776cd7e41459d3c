/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/checkpoint/architecture.h"

#include <stdio.h>
#include <string.h>

#include "model/config/variant.h"

#define DIM_MAX (1u << 16)     /* channels; published: 3072 */
#define CLASSES_MAX (1u << 24) /* published: 21841 */
#define PATCH_MAX 32u          /* published: 16 */
#define KERNEL_MAX 31u         /* published: 7 */

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

/* Of a convolution: [out, in, side, side]. FALSE in a file where it is something else, which the
 * layout's check will say. */
static gboolean read_side(const CnxTensor *conv, guint64 *side)
{
    *side = conv->rank == 4 ? conv->shape[2] : 0;
    return conv->rank == 4 && conv->shape[2] == conv->shape[3];
}

static gboolean bad_side(const Inference *in, const CnxTensor *conv, const char *what,
                         const char *expected)
{
    g_autofree char *name = cnx_quote(conv->name);

    if (conv->rank != 4)
        return fail(in, CNX_ERROR_NOT_CONVNEXT,
                    "tensor %s has %u dimensions, expected the 4 of a convolution", name,
                    conv->rank);
    return fail(in, CNX_ERROR_UNSUPPORTED,
                "%s %s is %" G_GUINT64_FORMAT "x%" G_GUINT64_FORMAT " large, expected %s", what,
                name, conv->shape[2], conv->shape[3], expected);
}

/* The highest stage, and the highest block of each, provided that the ones before are there. */
static gboolean infer_depths(const Inference *in)
{
    guint stage, block, *depths = in->config->depths, *stages = &in->config->stages;
    GHashTableIter iter;
    gpointer key;

    *stages = 1;
    g_hash_table_iter_init(&iter, in->tensors);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        if (sscanf(key, "s%u.b%u.", &stage, &block) != 2)
            continue;
        if (stage >= CNX_STAGES)
            return fail(in, CNX_ERROR_UNSUPPORTED, "has more than %d stages", CNX_STAGES);
        *stages = MAX(*stages, stage + 1);
        depths[stage] = MAX(depths[stage], block + 1);
    }
    for (stage = 0; stage < *stages; stage++) {
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
    for (guint stage = 0; stage < in->config->stages; stage++) {
        guint64 side;
        char name[48];

        g_snprintf(name, sizeof name, "s%u.b0.dw.weight", stage);
        const CnxTensor *dw = find(in, name);
        if (!read_width(in, dw, DIM_MAX, &in->config->dims[stage]))
            return FALSE;
        if (!read_side(dw, &side) || side % 2 == 0 || side > KERNEL_MAX)
            return bad_side(in, dw, "the kernel of the depthwise convolution",
                            "a square of an odd number up to 31");
        in->config->kernels[stage] = (guint)side;
    }
    return TRUE;
}

static gboolean infer_channels(const Inference *in, const CnxTensor *conv)
{
    g_autofree char *name = cnx_quote(conv->name);

    if (conv->shape[1] != 3 && conv->shape[1] != 1)
        return fail(in, CNX_ERROR_UNSUPPORTED,
                    "reads images of %" G_GUINT64_FORMAT
                    " channels (convolution %s), expected 3 (RGB) or 1 (grey)",
                    conv->shape[1], name);
    in->config->channels = (guint)conv->shape[1];
    in->config->recipe.grey = in->config->channels == 1;
    return TRUE;
}

static gboolean infer_overlap(const Inference *in, const CnxTensor *first)
{
    CnxConfig *config = in->config;
    const CnxTensor *second = find(in, "stem.conv1.weight");
    guint64 side;

    if (!second)
        return missing(in, "stem.conv1.weight");
    if (!read_side(first, &side) || side != 3)
        return bad_side(in, first, "the kernel of the stem's convolution", "3x3");
    /* With an activation in between, the second one is the third part of the stem. */
    config->stem =
        g_str_has_suffix(second->name, "2.weight") ? CNX_STEM_OVERLAP_ACT : CNX_STEM_OVERLAP;
    return read_width(in, first, DIM_MAX, &config->stem_width) && infer_channels(in, first);
}

static gboolean infer_stem(const Inference *in)
{
    CnxConfig *config = in->config;
    const CnxTensor *patch = find(in, "stem.conv.weight"), *first = find(in, "stem.conv0.weight");
    guint64 side;

    config->stem_norm = cnx_naming_has(in->naming, "stem.norm.");
    config->first_down = find(in, "down0.conv.weight") != NULL;
    if (first)
        return infer_overlap(in, first);
    if (!patch)
        return missing(in, cnx_naming_has(in->naming, "stem.conv0.") ? "stem.conv0.weight"
                                                                     : "stem.conv.weight");
    if (!read_side(patch, &side) || side < 1 || side > PATCH_MAX)
        return bad_side(in, patch, "the patch of the stem's convolution", "a square of 1 to 32");
    config->patch = (guint)side;
    return infer_channels(in, patch);
}

/* Of large patches timm dilates the last stages. */
static gboolean infer_dilations(const Inference *in)
{
    CnxConfig *config = in->config;

    if (config->dialect != CNX_DIALECT_TIMM && config->dialect != CNX_DIALECT_OPEN_CLIP)
        return TRUE;
    return cnx_config_dilate(config, 32) ||
           fail(in, CNX_ERROR_UNSUPPORTED,
                "has patches of %ux%u, with which timm dilates the last stages, and kernels larger "
                "than %ux%u there, which this version does not run",
                config->patch, config->patch, CNX_DILATED_KERNEL_MAX, CNX_DILATED_KERNEL_MAX);
}

static gboolean check_blocks(const Inference *in)
{
    const CnxTensor *pw1 = find(in, "s0.b0.pw1.weight");
    guint64 c = in->config->dims[0];

    in->config->conv_bias = find(in, "s0.b0.dw.bias") != NULL;
    if (find(in, "s0.b0.norm.weight") && !find(in, "s0.b0.norm.bias"))
        in->config->norm = CNX_NORM_RMS;
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
    const gboolean projects = config->dialect == CNX_DIALECT_OPEN_CLIP;

    config->final_norm = norm != NULL;
    config->head_norm_first = norm && g_str_has_suffix(norm->name, "norm_pre.weight");
    config->head_bias = find(in, "head.bias") != NULL;
    if (hidden && !read_width(in, hidden, DIM_MAX, &config->hidden))
        return FALSE;
    if (head &&
        !read_width(in, head, CLASSES_MAX, projects ? &config->projection : &config->classes))
        return FALSE;
    return !head || norm || missing(in, "norm.weight");
}

static void infer_flags(const Inference *in)
{
    CnxConfig *config = in->config;
    GHashTableIter iter;
    gpointer key;

    g_hash_table_iter_init(&iter, in->tensors);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        if (strstr(key, ".grn."))
            config->grn = TRUE;
        else if (g_str_has_suffix(key, ".gamma"))
            config->layer_scale = TRUE;
    }
    for (guint i = 0; i < config->stages; i++) {
        char name[48];

        g_snprintf(name, sizeof name, "outnorm%u.weight", i);
        config->output_norm[i] = find(in, name) != NULL;
    }
}

gboolean cnx_architecture_detect(GHashTable *tensors, const CnxNaming *naming, const char *file,
                                 CnxConfig *config, GError **error)
{
    const Inference in = {tensors, naming, file, config, error};

    config->dialect = naming->dialect;
    config->head_eps = naming->head_eps;
    if (!infer_depths(&in) || !infer_dims(&in) || !infer_stem(&in) || !infer_dilations(&in) ||
        !check_blocks(&in) || !infer_head(&in))
        return FALSE;
    infer_flags(&in);
    config->variant = cnx_variant_describe(config);
    cnx_variant_invisible(config);
    return TRUE;
}
