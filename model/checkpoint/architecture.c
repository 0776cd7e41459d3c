/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/checkpoint/architecture.h"

#include <stdio.h>
#include <string.h>

#include "model/config/variant.h"
#include "model/dialect/wrappers.h"

#define DIM_MAX (1u << 16) /* channels; published: 3072 */
#define PATCH_MAX 32u      /* published: 16 */
#define KERNEL_MAX 31u     /* published: 7 */

typedef struct Detection {
    GHashTable *tensors;
    const CnxNaming *naming;
    const char *file;
    CnxConfig *config;
    GError **error;
} Detection;

static const CnxTensor *find_tensor(const Detection *d, const char *canonical)
{
    return g_hash_table_lookup(d->tensors, canonical);
}

G_GNUC_PRINTF(3, 4)
static gboolean fail_detect(const Detection *d, CnxError code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(d->error, CNX_ERROR, code, "%s: %s", d->file, what);
    return FALSE;
}

static gboolean fail_missing(const Detection *d, const char *canonical)
{
    g_autofree char *original = cnx_naming_original(d->naming, canonical);

    return fail_detect(d, CNX_ERROR_NOT_CONVNEXT, "has no tensor \"%s\", which a ConvNeXt needs",
                       original);
}

/* *width: dimension 0. */
static gboolean read_width(const Detection *d, const CnxTensor *t, guint max, guint *width)
{
    if (t->rank < 1 || t->shape[0] < 1 || t->shape[0] > max) {
        g_autofree char *name = cnx_quote(t->name);

        return fail_detect(d, CNX_ERROR_UNSUPPORTED,
                           "tensor %s has %" G_GUINT64_FORMAT " outputs, expected 1 to %u", name,
                           t->rank ? t->shape[0] : 0, max);
    }
    *width = t->shape[0];
    return TRUE;
}

/* *side: of the kernel of a convolution [out, in, side, side]. FALSE for any other shape. */
static gboolean read_side(const CnxTensor *conv, guint64 *side)
{
    *side = conv->rank == 4 ? conv->shape[2] : 0;
    return conv->rank == 4 && conv->shape[2] == conv->shape[3];
}

/* kind: "depthwise convolution", ... */
static gboolean fail_side(const Detection *d, const CnxTensor *conv, const char *kind,
                          const char *expected)
{
    g_autofree char *name = cnx_quote(conv->name);

    if (conv->rank != 4)
        return fail_detect(d, CNX_ERROR_NOT_CONVNEXT, "%s %s has %u dimensions, expected 4", kind,
                           name, conv->rank);
    return fail_detect(d, CNX_ERROR_UNSUPPORTED,
                       "%s %s has a %" G_GUINT64_FORMAT "x%" G_GUINT64_FORMAT
                       " kernel, expected %s",
                       kind, name, conv->shape[2], conv->shape[3], expected);
}

/* Whether the body ends with the downsampling layer of this stage, as torchvision's features do in
 * a detector whose pyramid reads the downsampled maps. */
static gboolean ends_with_down(const Detection *d, guint stage)
{
    char name[48];

    g_snprintf(name, sizeof name, "down%u.conv.weight", stage);
    return stage < CNX_STAGES && d->naming->dialect == CNX_DIALECT_TORCHVISION &&
           !cnx_naming_has(d->naming, "norm.") && find_tensor(d, name);
}

/* Counts stages, and blocks per stage, and checks that none is missing in between. */
static gboolean detect_depths(const Detection *d)
{
    guint stage, block, *depths = d->config->depths, *stages = &d->config->stages;
    GHashTableIter iter;
    gpointer key;

    *stages = 1;
    g_hash_table_iter_init(&iter, d->tensors);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        if (sscanf(key, "s%u.b%u.", &stage, &block) != 2)
            continue;
        if (stage >= CNX_STAGES)
            return fail_detect(d, CNX_ERROR_UNSUPPORTED, "has more than %d stages", CNX_STAGES);
        *stages = MAX(*stages, stage + 1);
        depths[stage] = MAX(depths[stage], block + 1);
    }
    for (stage = 0; stage < *stages; stage++) {
        for (block = 0; block < MAX(depths[stage], 1); block++) {
            char name[48];

            g_snprintf(name, sizeof name, "s%u.b%u.dw.weight", stage, block);
            if (!find_tensor(d, name))
                return fail_missing(d, name);
        }
    }
    if (ends_with_down(d, *stages))
        depths[(*stages)++] = 0;
    return TRUE;
}

/* Of a stage without blocks. */
static gboolean detect_down(const Detection *d, guint stage)
{
    char name[48];

    g_snprintf(name, sizeof name, "down%u.conv.weight", stage);
    d->config->kernels[stage] = d->config->kernels[stage - 1];
    return read_width(d, find_tensor(d, name), DIM_MAX, &d->config->dims[stage]);
}

static gboolean detect_dims(const Detection *d)
{
    for (guint stage = 0; stage < d->config->stages; stage++) {
        guint64 side;
        char name[48];

        if (d->config->depths[stage] == 0)
            return detect_down(d, stage);
        g_snprintf(name, sizeof name, "s%u.b0.dw.weight", stage);
        const CnxTensor *dw = find_tensor(d, name);
        if (!read_width(d, dw, DIM_MAX, &d->config->dims[stage]))
            return FALSE;
        if (!read_side(dw, &side) || side % 2 == 0 || side > KERNEL_MAX)
            return fail_side(d, dw, "depthwise convolution",
                             "a square kernel with an odd side of at most 31");
        d->config->kernels[stage] = (guint)side;
    }
    return TRUE;
}

static gboolean detect_channels(const Detection *d, const CnxTensor *conv)
{
    g_autofree char *name = cnx_quote(conv->name);

    if (conv->shape[1] != 3 && conv->shape[1] != 1)
        return fail_detect(d, CNX_ERROR_UNSUPPORTED,
                           "takes images with %" G_GUINT64_FORMAT
                           " channels (convolution %s), expected 3 (RGB) or 1 (grey)",
                           conv->shape[1], name);
    d->config->channels = (guint)conv->shape[1];
    d->config->recipe.grey = d->config->channels == 1;
    return TRUE;
}

static gboolean has_name_suffix(const CnxTensor *tensor, const char *suffix)
{
    g_autofree char *name = cnx_wrappers_strip(tensor->name);

    return g_str_has_suffix(name, suffix);
}

static gboolean detect_overlap(const Detection *d, const CnxTensor *first)
{
    CnxConfig *config = d->config;
    const CnxTensor *second = find_tensor(d, "stem.conv1.weight");
    guint64 side;

    if (!second)
        return fail_missing(d, "stem.conv1.weight");
    if (!read_side(first, &side) || side != 3)
        return fail_side(d, first, "stem convolution", "a 3x3 kernel");
    /* With an activation in between, the second convolution has number 2 in the stem. */
    config->stem = has_name_suffix(second, "2.weight") ? CNX_STEM_OVERLAP_ACT : CNX_STEM_OVERLAP;
    return read_width(d, first, DIM_MAX, &config->stem_width) && detect_channels(d, first);
}

static gboolean detect_stem(const Detection *d)
{
    CnxConfig *config = d->config;
    const CnxTensor *patch = find_tensor(d, "stem.conv.weight"),
                    *first = find_tensor(d, "stem.conv0.weight");
    guint64 side;

    config->stem_norm = cnx_naming_has(d->naming, "stem.norm.");
    config->first_down = find_tensor(d, "down0.conv.weight") != NULL;
    if (first)
        return detect_overlap(d, first);
    if (!patch)
        return fail_missing(d, cnx_naming_has(d->naming, "stem.conv0.") ? "stem.conv0.weight"
                                                                        : "stem.conv.weight");
    if (!read_side(patch, &side) || side < 1 || side > PATCH_MAX)
        return fail_side(d, patch, "stem convolution", "a square kernel with a side of 1 to 32");
    config->patch = (guint)side;
    return detect_channels(d, patch);
}

/* timm dilates the last stages of networks with large patches. */
static void detect_dilations(const Detection *d)
{
    CnxConfig *config = d->config;

    if (config->dialect == CNX_DIALECT_TIMM || config->dialect == CNX_DIALECT_OPEN_CLIP)
        cnx_config_dilate(config, 32);
}

static gboolean check_blocks(const Detection *d)
{
    const CnxTensor *pw1 = find_tensor(d, "s0.b0.pw1.weight");
    guint64 c = d->config->dims[0];

    d->config->conv_bias = find_tensor(d, "s0.b0.dw.bias") != NULL;
    if (find_tensor(d, "s0.b0.norm.weight") && !find_tensor(d, "s0.b0.norm.bias"))
        d->config->norm = CNX_NORM_RMS;
    if (pw1 && pw1->rank >= 2 && pw1->shape[0] != 4 * c && pw1->shape[1] == c) {
        g_autofree char *name = cnx_quote(pw1->name);

        return fail_detect(d, CNX_ERROR_UNSUPPORTED,
                           "tensor %s expands %" G_GUINT64_FORMAT " channels to %" G_GUINT64_FORMAT
                           ", expected an expansion ratio of 4",
                           name, c, pw1->shape[0]);
    }
    return TRUE;
}

static void detect_flags(const Detection *d)
{
    CnxConfig *config = d->config;
    GHashTableIter iter;
    gpointer key;

    g_hash_table_iter_init(&iter, d->tensors);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        if (strstr(key, ".grn."))
            config->grn = TRUE;
        else if (g_str_has_suffix(key, ".gamma"))
            config->layer_scale = TRUE;
    }
    for (guint i = 0; i < config->stages; i++) {
        char name[48];

        g_snprintf(name, sizeof name, "outnorm%u.weight", i);
        config->output_norm[i] = find_tensor(d, name) != NULL;
    }
}

gboolean cnx_architecture_detect(GHashTable *tensors, const CnxNaming *naming, const char *file,
                                 CnxConfig *config, GError **error)
{
    const Detection d = {tensors, naming, file, config, error};

    config->dialect = naming->dialect;
    config->head_eps = naming->head_eps;
    if (!detect_depths(&d) || !detect_dims(&d) || !detect_stem(&d) || !check_blocks(&d))
        return FALSE;
    detect_dilations(&d);
    detect_flags(&d);
    config->variant = cnx_variant_describe(config);
    cnx_variant_invisible(config);
    return TRUE;
}
