/* timm keeps the settings of the network at the top level and those of the weights in
 * "pretrained_cfg"; old files have everything at the top level.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/config/config_timm.h"

#include <string.h>

#include "model/config/variant.h"
#include "model/config/labels.h"
#include "model/config/recipe_defaults.h"

static const CnxJsonWord acts[] = {
    {"gelu", CNX_ACT_GELU},
    {"gelu_tanh", CNX_ACT_GELU_TANH},
    {"silu", CNX_ACT_SILU},
    {"swish", CNX_ACT_SILU},
};

static const CnxJsonWord norms[] = {
    {"layernorm", CNX_NORM_LAYER},   {"layernorm2d", CNX_NORM_LAYER},
    {"rmsnorm", CNX_NORM_RMS},       {"rmsnorm2d", CNX_NORM_RMS},
    {"simplenorm", CNX_NORM_SIMPLE}, {"simplenorm2d", CNX_NORM_SIMPLE},
};

static const CnxJsonWord crops[] = {
    {"center", CNX_CROP_CENTER},
    {"squash", CNX_CROP_SQUASH},
    {"border", CNX_CROP_BORDER},
};

static const CnxJsonWord filters[] = {
    {"nearest", CNX_FILTER_NEAREST},   {"box", CNX_FILTER_BOX},
    {"bilinear", CNX_FILTER_BILINEAR}, {"hamming", CNX_FILTER_HAMMING},
    {"bicubic", CNX_FILTER_BICUBIC},   {"lanczos", CNX_FILTER_LANCZOS},
    {"random", CNX_FILTER_BILINEAR}, /* for training only */
};

static const CnxJsonWord pools[] = {{"avg", 0}, {"fast", 0}, {"fastavg", 0}, {"", 0}};

/* Compares the stages that the network has; features_only drops the last ones. */
static gboolean check_stages(const CnxJson *json, const char *key, const guint *expected,
                             const guint *weights, guint stages)
{
    const guint *n = expected, *w = weights;

    return !memcmp(n, w, stages * sizeof *n) ||
           cnx_json_fail(json, CNX_ERROR_MISMATCH, key,
                         "implies [%u,%u,%u,%u], but the weights have [%u,%u,%u,%u]", n[0], n[1],
                         n[2], n[3], w[0], w[1], w[2], w[3]);
}

/* One number for all stages, or an array. */
static gboolean read_kernels(const CnxJson *args, guint kernels[CNX_STAGES])
{
    const char *key = "kernel_sizes";
    guint side;

    if (!cnx_json_peek_uint(args, key, 1, 63, &side))
        return cnx_json_uints(args, key, CNX_STAGES, kernels);
    for (guint i = 0; i < CNX_STAGES; i++)
        kernels[i] = side;
    return TRUE;
}

/* Checks the architecture's numbers, as overridden by the arguments. */
static gboolean check_architecture(const CnxJson *json, const char *key, const CnxJson *args,
                                   const CnxPublished *published, const CnxConfig *config)
{
    guint depths[CNX_STAGES], dims[CNX_STAGES];

    memcpy(depths, published->depths, sizeof depths);
    memcpy(dims, published->dims, sizeof dims);
    return cnx_json_uints(args, "depths", CNX_STAGES, depths) &&
           cnx_json_uints(args, "dims", CNX_STAGES, dims) &&
           check_stages(json, key, depths, config->depths, config->stages) &&
           check_stages(json, key, dims, config->dims, config->stages);
}

static gboolean fail_word(const CnxJson *json, const char *key, const char *weights)
{
    return cnx_json_fail(json, CNX_ERROR_MISMATCH, key, "contradicts the weights, which have %s",
                         weights);
}

/* Checks what the arguments say of a network's layers besides their sizes. published: what its name
 * says; NULL if that is not known, or may be that of the network it was made from. */
static gboolean check_layers(const CnxJson *json, const char *key, const CnxJson *args,
                             const CnxPublished *published, const CnxConfig *config)
{
    static const CnxJsonWord stems[] = {
        {"patch", FALSE}, {"overlap", TRUE}, {"overlap_tiered", TRUE}, {"overlap_act", TRUE}};
    const gboolean overlaps = config->stem != CNX_STEM_PATCH, is_known = published != NULL;
    const gboolean says_grn = cnx_json_has(args, "use_grn"),
                   says_stem = cnx_json_has(args, "stem_type");
    guint kernels[CNX_STAGES], patch = config->patch;
    int stem = overlaps;

    memcpy(kernels, config->kernels, sizeof kernels);
    if (!cnx_json_word(args, "stem_type", stems, G_N_ELEMENTS(stems), &stem) ||
        !read_kernels(args, kernels) ||
        (!overlaps && !cnx_json_uint(args, "patch_size", 1, 64, &patch)))
        return FALSE;
    if (cnx_json_truth(args, "use_grn", config->grn) != config->grn)
        return fail_word(args, "use_grn", config->grn ? "GRN (V2)" : "no GRN (V1)");
    if (is_known && !says_grn && published->grn != config->grn)
        return fail_word(json, key, config->grn ? "GRN (V2)" : "no GRN (V1)");
    if (stem != overlaps)
        return fail_word(args, "stem_type", overlaps ? "an overlapping stem" : "a stem of patches");
    if (is_known && !says_stem && published->overlaps != overlaps)
        return fail_word(json, key, overlaps ? "an overlapping stem" : "a stem of patches");
    if (memcmp(kernels, config->kernels, config->stages * sizeof *kernels))
        return fail_word(args, "kernel_sizes", "kernels of other sizes");
    if (patch != config->patch)
        return cnx_json_fail(args, CNX_ERROR_MISMATCH, "patch_size",
                             "is %u, but the weights have %u", patch, config->patch);
    return cnx_json_truth(args, "conv_bias", config->conv_bias) == config->conv_bias ||
           fail_word(args, "conv_bias",
                     config->conv_bias ? "biases of convolutions" : "no biases of convolutions");
}

gboolean cnx_config_read_output_stride(CnxConfig *config, const CnxJson *json, const char *key,
                                       guint fallback)
{
    guint stride = fallback;

    if (!cnx_json_uint(json, key, 1, 32, &stride))
        return FALSE;
    if (stride != 8 && stride != 16 && stride != 32)
        return cnx_json_fail(json, CNX_ERROR_CORRUPT, key, "is %u, expected 8, 16 or 32", stride);
    cnx_config_dilate(config, stride);
    return TRUE;
}

/* Sets eps, activation, dilation and kind of norm: the architecture's, unless an argument overrides
 * them. */
static gboolean read_invisible(const CnxJson *args, const CnxPublished *published,
                               CnxConfig *config)
{
    int act = published->act, norm = published->norm;

    config->eps = published->eps;
    if (!cnx_json_double(args, "norm_eps", 0, 1, &config->eps) ||
        !cnx_json_word(args, "act_layer", acts, G_N_ELEMENTS(acts), &act) ||
        !cnx_json_word(args, "norm_layer", norms, G_N_ELEMENTS(norms), &norm) ||
        !cnx_config_read_output_stride(config, args, "output_stride", 32))
        return FALSE;
    if (cnx_json_has(args, "norm_layer") &&
        (norm == CNX_NORM_LAYER) != (config->norm == CNX_NORM_LAYER))
        return cnx_json_fail(args, CNX_ERROR_MISMATCH, "norm_layer",
                             "contradicts the weights, whose norms have %s",
                             config->norm == CNX_NORM_LAYER ? "biases" : "no biases");
    if (config->norm != CNX_NORM_LAYER && norm != CNX_NORM_LAYER)
        config->norm = norm;
    config->head_eps = config->eps;
    config->act = act;
    return TRUE;
}

gboolean cnx_config_read_timm_network(CnxConfig *config, const CnxJson *json, const char *key,
                                      const char *name, const CnxJson *args)
{
    CnxPublished published;
    const gboolean is_known = cnx_variant_lookup(name, &published);

    return (!is_known || check_architecture(json, key, args, &published, config)) &&
           check_layers(json, key, args, is_known && args == json ? &published : NULL, config) &&
           read_invisible(args, &published, config);
}

static gboolean check_pool(const CnxJson *json)
{
    int pool;

    return cnx_json_word(json, "global_pool", pools, G_N_ELEMENTS(pools), &pool);
}

static gboolean read_network(const CnxJson *json, CnxConfig *config)
{
    g_autoptr(JsonObject) none = json_object_new();
    JsonObject *child = cnx_json_child(json, "model_args");
    const CnxJson args = {child ? child : none, json->file, json->error, json->budget};
    const guint last = config->dims[config->stages - 1];
    const char *name = NULL;
    guint features = last;

    if (!cnx_json_string(json, "architecture", &name) ||
        !cnx_json_uint(json, "num_features", 0, G_MAXINT, &features))
        return FALSE;
    if (config->stages == CNX_STAGES && features != last &&
        features != cnx_head_features(&config->head, last))
        return cnx_json_fail(json, CNX_ERROR_MISMATCH, "num_features",
                             "is %u, but the weights have %u", features, last);
    return cnx_config_read_timm_network(config, json, "architecture", name, &args) &&
           check_pool(json) && check_pool(&args);
}

static gboolean read_size(const CnxJson *cfg, guint channels, guint *size)
{
    guint shape[3] = {channels, *size, *size};

    if (!cnx_json_uints(cfg, "input_size", 3, shape))
        return FALSE;
    if (shape[1] != shape[2])
        return cnx_json_fail(cfg, CNX_ERROR_UNSUPPORTED, "input_size",
                             "is [%u,%u,%u], but this version supports square inputs only",
                             shape[0], shape[1], shape[2]);
    /* A greyscale network made from an RGB one may still say [3,...]. */
    if (shape[0] != channels && shape[0] != 3)
        return cnx_json_fail(cfg, CNX_ERROR_MISMATCH, "input_size",
                             "has %u channels, but the weights have %u", shape[0], channels);
    if (shape[1] < 32 || shape[1] > CNX_INPUT_MAX)
        return cnx_json_fail(cfg, CNX_ERROR_CORRUPT, "input_size", "is %u, expected 32 to %u",
                             shape[1], CNX_INPUT_MAX);
    *size = shape[1];
    return TRUE;
}

static gboolean read_recipe(const CnxJson *cfg, guint channels, CnxRecipe *recipe)
{
    int crop = recipe->crop, filter = recipe->filter;
    guint size = recipe->size;

    if (!read_size(cfg, channels, &size) ||
        (cnx_json_truth(cfg, "crop_pct", FALSE) &&
         !cnx_json_double(cfg, "crop_pct", 0, 10, &recipe->crop_pct)) ||
        (cnx_json_truth(cfg, "crop_mode", FALSE) &&
         !cnx_json_word(cfg, "crop_mode", crops, G_N_ELEMENTS(crops), &crop)) ||
        !cnx_json_word(cfg, "interpolation", filters, G_N_ELEMENTS(filters), &filter) ||
        !cnx_json_triple(cfg, "mean", -G_MAXFLOAT, recipe->mean) ||
        !cnx_json_triple(cfg, "std", 0, recipe->std))
        return FALSE;
    recipe->crop = crop;
    recipe->filter = filter;
    recipe->size = 0;
    cnx_recipe_set_size(recipe, size);
    return TRUE;
}

/* transformers' wrapper around timm writes "id2label" and "problem_type". */
static gboolean read_labels(const CnxJson *json, CnxConfig *config)
{
    JsonObject *descriptions = cnx_json_child(json, "label_descriptions");
    const char *key = cnx_json_has(json, "label_names") ? "label_names"
                      : cnx_json_has(json, "labels")    ? "labels"
                                                        : "id2label";

    return config->classes == 0 ||
           cnx_labels_read_json(json, key, descriptions, config->classes, &config->labels);
}

/* In a CLIP image tower without fine-tuning, the classifier is the projection. */
static gboolean read_projection(const CnxJson *cfg, CnxConfig *config)
{
    static const guint widths[] = {512, 640, 768, 1024};
    const char *tag = NULL;

    if (!cnx_json_string(cfg, "tag", &tag))
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(widths); i++)
        if (tag && g_str_has_prefix(tag, "clip_") && !strstr(tag, "_ft_") && !config->labels &&
            config->classes == widths[i]) {
            config->projection = config->classes;
            config->classes = 0;
        }
    return TRUE;
}

/* The top-level num_classes takes precedence; pretrained_cfg's may describe the weights that
 * training started from. */
static gboolean check_classes(const CnxJson *json, const CnxJson *cfg, const CnxConfig *config)
{
    const CnxJson *source = cnx_json_has(json, "num_classes") ? json : cfg;
    guint classes = config->classes;

    if (!cnx_json_uint(source, "num_classes", 0, G_MAXINT, &classes))
        return FALSE;
    return classes == config->classes ||
           cnx_json_fail(source, CNX_ERROR_MISMATCH, "num_classes",
                         "is %u, but the weights have %u", classes, config->classes);
}

/* The architecture's name determines its activation and eps too. */
static const CnxItemKey network_keys[] = {
    {"architecture", CNX_ITEM_ACT},
    {"architecture", CNX_ITEM_EPS},
    {"architecture", CNX_ITEM_HEAD_EPS},
};

static const CnxItemKey recipe_keys[] = {
    {"input_size", CNX_ITEM_SIZE},
    {"input_size", CNX_ITEM_RESIZE},
    {"crop_pct", CNX_ITEM_RESIZE},
    {"crop_mode", CNX_ITEM_CROP},
    {"interpolation", CNX_ITEM_FILTER},
    {"mean", CNX_ITEM_MEAN},
    {"std", CNX_ITEM_STD},
};

static const CnxItemKey label_keys[] = {
    {"label_names", CNX_ITEM_LABELS},
    {"labels", CNX_ITEM_LABELS},
    {"id2label", CNX_ITEM_LABELS},
};

static void set_origins(CnxConfig *config, const CnxJson *json, const CnxJson *cfg)
{
    const CnxOrigin origin = CNX_ORIGIN_CONFIG;

    cnx_config_set_origins(config, json, origin, network_keys, G_N_ELEMENTS(network_keys));
    cnx_config_set_origins(config, cfg, origin, recipe_keys, G_N_ELEMENTS(recipe_keys));
    cnx_config_set_origins(config, cfg, origin, label_keys, G_N_ELEMENTS(label_keys));
    cnx_config_set_origins(config, json, origin, label_keys, G_N_ELEMENTS(label_keys));
}

gboolean cnx_config_read_timm_recipe(CnxConfig *config, const CnxJson *cfg)
{
    cnx_recipe_set_defaults(&config->recipe, CNX_DIALECT_TIMM, config->variant);
    return read_recipe(cfg, config->channels, &config->recipe);
}

gboolean cnx_config_read_timm(CnxConfig *config, const CnxJson *json)
{
    JsonObject *child = cnx_json_child(json, "pretrained_cfg");
    const CnxJson cfg = {child ? child : json->object, json->file, json->error, json->budget};

    set_origins(config, json, &cfg);
    return check_classes(json, &cfg, config) && read_network(json, config) &&
           cnx_config_read_timm_recipe(config, &cfg) && read_labels(&cfg, config) &&
           read_labels(json, config) && read_projection(&cfg, config) &&
           cnx_config_read_scores(config, json);
}
