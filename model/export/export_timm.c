/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/export/export_timm.h"

#include <string.h>

#include "model/config/variant.h"
#include "model/export/json_members.h"

static gboolean are_equal(const float values[3])
{
    return values[0] == values[1] && values[0] == values[2];
}

static gboolean check_recipe(const CnxExport *e)
{
    const CnxRecipe *recipe = &e->config->recipe;

    if (recipe->width > 0)
        return cnx_export_refuse(e, "the input is %ux%u, not square", recipe->width,
                                 recipe->height);
    if (e->config->channels == 1 && !(are_equal(recipe->mean) && are_equal(recipe->std)))
        return cnx_export_refuse(e, "the network takes grey images, but mean and std differ "
                                    "between the three colours");
    if (recipe->crop == CNX_CROP_NONE)
        return cnx_export_refuse(e, "the recipe keeps the shape of images (crop \"none\"), and "
                                    "timm has no such crop mode");
    if (recipe->rescale != 1.0 / 255)
        return cnx_export_refuse(e, "the recipe multiplies pixels by %g, timm always by 1/255",
                                 recipe->rescale);
    if (recipe->resize != recipe->size && recipe->rounding != CNX_ROUNDING_HALF_EVEN)
        cnx_export_note(e, "timm rounds the origin of the crop to even, transformers rounds it "
                           "down: for some image sizes timm crops one pixel further");
    return TRUE;
}

/* timm's rule for the width between the convolutions of a tiered stem. */
static guint tiered_width(guint width)
{
    const guint half = width / 2, rounded = MAX(8, (half + 4) / 8 * 8);

    return rounded < 0.9 * half ? rounded + 8 : rounded;
}

/* "patch", ...; NULL if timm has no such stem. */
static const char *stem_type(const CnxConfig *config)
{
    const gboolean wide = config->stem_width == config->dims[0];

    switch (config->stem) {
    case CNX_STEM_PATCH:
        return "patch";
    case CNX_STEM_OVERLAP:
        return wide                                                  ? "overlap"
               : config->stem_width == tiered_width(config->dims[0]) ? "overlap_tiered"
                                                                     : NULL;
    case CNX_STEM_OVERLAP_ACT:
        return wide ? "overlap_act" : NULL;
    }
    g_assert_not_reached();
}

/* 8, 16 or 32: the output stride that yields the network's dilations in timm; 0 if none does. */
static guint output_stride(const CnxConfig *config)
{
    for (guint stride = 32; stride >= 8; stride /= 2) {
        CnxConfig timm = *config;

        cnx_config_dilate(&timm, stride);
        if (!memcmp(timm.dilations, config->dilations, sizeof timm.dilations))
            return stride;
    }
    return 0;
}

static gboolean check_stem(const CnxExport *e)
{
    const CnxConfig *config = e->config;

    if (!config->stem_norm)
        return cnx_export_refuse(e, "the network has no norm after its stem (isotropic)");
    if (config->stages != CNX_STAGES)
        return cnx_export_refuse(e, "the network has %u stages, expected %d", config->stages,
                                 CNX_STAGES);
    if (!stem_type(config))
        return cnx_export_refuse(e,
                                 "the stem has %u channels between its convolutions, which timm "
                                 "does not support",
                                 config->stem_width);
    /* timm downsamples in the first stage after patches of 2 only. */
    if (config->depths[config->stages - 1] == 0)
        return cnx_export_refuse(e, "the last stage has no blocks");
    if (config->stem == CNX_STEM_PATCH && (config->patch == 2) != config->first_down)
        return cnx_export_refuse(
            e,
            "the network has %ux%u patches and %s downsampling in its first stage, which timm "
            "does not support",
            config->patch, config->patch, config->first_down ? "a" : "no");
    if (!output_stride(config))
        return cnx_export_refuse(
            e, "the network has %ux%u patches, for which timm would dilate its stages",
            config->patch, config->patch);
    return TRUE;
}

static gboolean check_head(const CnxExport *e)
{
    const CnxConfig *config = e->config;
    guint hidden;

    if (config->projection)
        return cnx_export_refuse(e, "the head is a projection (CLIP), not a classifier");
    if (!cnx_export_check_plain(e, &hidden))
        return FALSE;
    if (!config->final_norm)
        return cnx_export_refuse(e, "the network has no final norm");
    if (config->head_norm_first && hidden)
        return cnx_export_refuse(e, "the network pools after its final norm and has a hidden layer "
                                    "in its head, which timm does not support");
    if (config->eps != config->head_eps)
        return cnx_export_refuse(e,
                                 "the eps of the final norm is %g, that of the others %g: timm "
                                 "supports only one for all norms",
                                 config->head_eps, config->eps);
    if (config->multi_label)
        return cnx_export_refuse(e, "the classes are independent (multi-label), which timm's "
                                    "config cannot express");
    if (config->regression)
        return cnx_export_refuse(e, "the outputs are values (regression), which timm's config "
                                    "cannot express");
    if (config->decision.temperature || config->decision.threshold)
        cnx_export_note(e, "timm itself ignores the keys temperature, threshold and rest_class of "
                           "config.json");
    return TRUE;
}

static gboolean check_network(const CnxExport *e)
{
    return check_stem(e) && check_head(e) && check_recipe(e);
}

static void list_witnesses(const CnxExport *e, const char *witnesses[2])
{
    static const char *const stems[] = {
        [CNX_STEM_PATCH] = "stem.1.weight",
        [CNX_STEM_OVERLAP] = "stem.2.weight",
        [CNX_STEM_OVERLAP_ACT] = "stem.3.weight",
    };

    witnesses[0] = "stages.0.blocks.0.conv_dw.weight";
    witnesses[1] = stems[e->config->stem];
}

/* The architecture to start from. *conv_mlp: whether its linear layers are 1x1 convolutions. */
static const char *choose_architecture(const CnxConfig *config, gboolean *conv_mlp)
{
    static const char *const v1[] = {
        "convnext_atto", "convnext_femto", "convnext_pico",   "convnext_nano",    "convnext_small",
        "convnext_base", "convnext_large", "convnext_xlarge", "convnext_xxlarge", NULL};
    static const char *const v2[] = {"convnextv2_atto",  "convnextv2_femto", "convnextv2_pico",
                                     "convnextv2_nano",  "convnextv2_small", "convnextv2_base",
                                     "convnextv2_large", "convnextv2_huge",  NULL};

    const char *const *names = config->grn ? v2 : v1;

    /* With model_args, convnext_large_mlp and convnext_tiny_hnf are convnext_large and _tiny. */
    for (guint i = 0; names[i]; i++) {
        const gsize length = strlen(names[i]);

        if (!strncmp(config->variant, names[i], length) &&
            !g_ascii_isalpha(config->variant[length])) {
            *conv_mlp = i < 4;
            return names[i];
        }
    }
    *conv_mlp = FALSE;
    return config->grn ? "convnextv2_tiny" : "convnext_tiny";
}

static char *adapt_tensor(const CnxExport *e, const char *canonical, char *name, guint *rank,
                          guint64 *shape)
{
    g_autofree char *base = name;
    gboolean conv_mlp;

    choose_architecture(e->config, &conv_mlp);
    if (conv_mlp && (strstr(canonical, ".pw1.weight") || strstr(canonical, ".pw2.weight"))) {
        shape[2] = shape[3] = 1;
        *rank = 4;
    }
    if (e->config->head_norm_first && g_str_has_prefix(canonical, "norm."))
        return g_strconcat("norm_pre.", canonical + strlen("norm."), NULL);
    return g_steal_pointer(&base);
}

static const char *act_name(CnxAct act)
{
    static const char *const names[] = {
        [CNX_ACT_GELU] = "gelu",
        [CNX_ACT_GELU_TANH] = "gelu_tanh",
        [CNX_ACT_SILU] = "silu",
    };

    return names[act];
}

static void add_model_args(JsonBuilder *json, const CnxConfig *config, gboolean conv_mlp)
{
    static const char *const norms[] = {
        [CNX_NORM_LAYER] = "layernorm",
        [CNX_NORM_RMS] = "rmsnorm",
        [CNX_NORM_SIMPLE] = "simplenorm",
    };
    guint hidden;

    json_builder_set_member_name(json, "model_args");
    json_builder_begin_object(json);
    cnx_json_add_int(json, "in_chans", config->channels);
    cnx_json_add_uints(json, "depths", CNX_STAGES, config->depths);
    cnx_json_add_uints(json, "dims", CNX_STAGES, config->dims);
    cnx_json_add_uints(json, "kernel_sizes", CNX_STAGES, config->kernels);
    cnx_json_add_string(json, "stem_type", stem_type(config));
    cnx_json_add_int(json, "patch_size", config->patch);
    cnx_json_add_int(json, "output_stride", output_stride(config));
    cnx_json_add_truth(json, "conv_bias", config->conv_bias);
    cnx_json_add_truth(json, "conv_mlp", conv_mlp);
    cnx_json_add_truth(json, "use_grn", config->grn);
    json_builder_set_member_name(json, "ls_init_value");
    if (config->layer_scale)
        json_builder_add_double_value(json, 1e-6);
    else
        json_builder_add_null_value(json);
    cnx_json_add_truth(json, "head_norm_first", config->head_norm_first);
    if (cnx_head_is_plain(&config->head, &hidden) && hidden)
        cnx_json_add_int(json, "head_hidden_size", hidden);
    cnx_json_add_string(json, "act_layer", act_name(config->act));
    cnx_json_add_string(json, "norm_layer", norms[config->norm]);
    cnx_json_add_number(json, "norm_eps", config->eps);
    json_builder_end_object(json);
}

static void add_pretrained_cfg(JsonBuilder *json, const CnxConfig *config)
{
    const CnxRecipe *recipe = &config->recipe;
    const guint input[] = {config->channels, recipe->size, recipe->size};
    const guint pool[] = {recipe->size / 32, recipe->size / 32};

    json_builder_set_member_name(json, "pretrained_cfg");
    json_builder_begin_object(json);
    cnx_json_add_truth(json, "custom_load", FALSE);
    cnx_json_add_uints(json, "input_size", 3, input);
    cnx_json_add_truth(json, "fixed_input_size", FALSE);
    cnx_json_add_string(json, "interpolation", cnx_filter_name(recipe->filter));
    cnx_json_add_number(json, "crop_pct", cnx_export_crop_pct(recipe));
    cnx_json_add_string(json, "crop_mode", cnx_crop_name(recipe->crop));
    cnx_json_add_floats(json, "mean", config->channels, recipe->mean);
    cnx_json_add_floats(json, "std", config->channels, recipe->std);
    cnx_json_add_int(json, "num_classes", config->classes);
    cnx_json_add_uints(json, "pool_size", 2, pool);
    cnx_json_add_string(json, "first_conv", "stem.0");
    cnx_json_add_string(json, "classifier", "head.fc");
    json_builder_end_object(json);
}

static JsonNode *make_config(const CnxExport *e)
{
    g_autoptr(JsonBuilder) json = json_builder_new();
    const CnxConfig *config = e->config;
    gboolean conv_mlp;

    json_builder_begin_object(json);
    cnx_json_add_string(json, "architecture", choose_architecture(config, &conv_mlp));
    cnx_json_add_int(json, "num_classes", config->classes);
    cnx_json_add_int(json, "num_features",
                     cnx_head_features(&config->head, config->dims[CNX_STAGES - 1]));
    cnx_json_add_string(json, "global_pool", "avg");
    add_model_args(json, config, conv_mlp);
    if (config->labels) {
        json_builder_set_member_name(json, "label_names");
        json_builder_begin_array(json);
        for (guint i = 0; i < config->classes; i++)
            json_builder_add_string_value(json, config->labels[i]);
        json_builder_end_array(json);
    }
    cnx_export_add_decision(json, config);
    add_pretrained_cfg(json, config);
    json_builder_end_object(json);
    return json_builder_get_root(json);
}

static JsonNode *make_preprocessor(const CnxExport *e)
{
    return NULL; /* pretrained_cfg in config.json has the recipe */
}

const CnxExportWriter cnx_export_timm = {
    "timm", check_network, list_witnesses, adapt_tensor, make_config, make_preprocessor,
};
