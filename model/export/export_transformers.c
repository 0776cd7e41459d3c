/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/export/export_transformers.h"

#include "model/export/json_members.h"

#define BODY_EPS 1e-6   /* of all norms but the last; hard-coded in transformers */
#define SQUASH_FROM 384 /* side from which ConvNextImageProcessor squashes */

static gboolean check_recipe(const CnxExport *e)
{
    const CnxRecipe *recipe = &e->config->recipe;

    if (recipe->width > 0)
        return cnx_export_refuse(e, "the input is %ux%u, not square", recipe->width,
                                 recipe->height);
    if (recipe->crop == CNX_CROP_BORDER)
        return cnx_export_refuse(e,
                                 "the recipe pads images with the mean colour (crop \"border\"), "
                                 "and transformers has no such image processor");
    if (recipe->crop != CNX_CROP_NONE && recipe->resize != recipe->size &&
        recipe->rounding != CNX_ROUNDING_FLOOR)
        cnx_export_note(
            e,
            "transformers rounds the origin of the crop down, %s rounds it to even: for some image "
            "sizes transformers crops one pixel earlier",
            cnx_dialect_name(e->config->dialect));
    return TRUE;
}

static gboolean check_stem(const CnxExport *e)
{
    const CnxConfig *config = e->config;

    if (config->channels != 3)
        return cnx_export_refuse(e, "the network takes grey images");
    if (config->stem != CNX_STEM_PATCH)
        return cnx_export_refuse(e, "the stem has two overlapping convolutions");
    if (!config->stem_norm)
        return cnx_export_refuse(e, "the network has no norm after its stem (isotropic)");
    if (config->depths[config->stages - 1] == 0)
        return cnx_export_refuse(e, "the last stage has no blocks");
    if (config->first_down)
        return cnx_export_refuse(e, "the network also downsamples in its first stage");
    return TRUE;
}

static gboolean check_blocks(const CnxExport *e)
{
    const CnxConfig *config = e->config;

    for (guint i = 0; i < config->stages; i++)
        if (config->kernels[i] != 7)
            return cnx_export_refuse(e, "the depthwise convolutions have kernels of %u, expected 7",
                                     config->kernels[i]);
    if (config->dilations[config->stages - 1] > 1)
        return cnx_export_refuse(e, "the last stages are dilated");
    if (config->norm != CNX_NORM_LAYER)
        return cnx_export_refuse(e, "the norms are not layer norms");
    if (!config->conv_bias)
        return cnx_export_refuse(e, "the convolutions have no bias");
    if (config->grn && config->layer_scale)
        return cnx_export_refuse(e, "the network has both GRN and layer scale");
    if (config->eps != BODY_EPS)
        return cnx_export_refuse(e, "the eps of the layer norms is %g, expected %g", config->eps,
                                 BODY_EPS);
    return TRUE;
}

static gboolean has_output_norms(const CnxConfig *config)
{
    for (guint i = 0; i < config->stages; i++)
        if (config->output_norm[i])
            return TRUE;
    return FALSE;
}

static gboolean check_head(const CnxExport *e)
{
    const CnxConfig *config = e->config;
    guint hidden;

    if (config->projection)
        return cnx_export_refuse(e, "the head is a projection (CLIP), not a classifier");
    if (!cnx_export_check_plain(e, &hidden))
        return FALSE;
    if (hidden)
        return cnx_export_refuse(e, "the head has a hidden layer of width %u", hidden);
    if (config->head_norm_first)
        return cnx_export_refuse(e, "the network normalises each pixel before pooling (norm_pre)");
    if (has_output_norms(config) && config->final_norm)
        return cnx_export_refuse(e, "the network has both output norms and a final norm");
    if (!has_output_norms(config) && !config->final_norm)
        return cnx_export_refuse(e, "the network has no final layer norm");
    return TRUE;
}

static gboolean check_network(const CnxExport *e)
{
    return check_stem(e) && check_blocks(e) && check_head(e) && check_recipe(e);
}

static void list_witnesses(const CnxExport *e, const char *witnesses[2])
{
    witnesses[0] = "encoder.stages.0.layers.0.dwconv.weight";
}

static char *adapt_tensor(const CnxExport *e, const char *canonical, char *name, guint *rank,
                          guint64 *shape)
{
    g_autofree char *base = name;

    if (g_str_has_suffix(canonical, ".grn.gamma") || g_str_has_suffix(canonical, ".grn.beta")) {
        shape[3] = shape[0]; /* [1, 1, 1, 4C] */
        shape[0] = shape[1] = shape[2] = 1;
        *rank = 4;
    }
    if (!e->config->classes || g_str_has_prefix(canonical, "head."))
        return g_steal_pointer(&base);
    return g_strconcat(e->config->grn ? "convnextv2." : "convnext.", base, NULL);
}

static void add_labels(JsonBuilder *json, const CnxConfig *config)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    if (!config->labels) {
        cnx_json_add_int(json, "num_labels", config->classes);
        return;
    }
    json_builder_set_member_name(json, "id2label");
    json_builder_begin_object(json);
    for (guint i = 0; i < config->classes; i++) {
        char number[16];

        g_snprintf(number, sizeof number, "%u", i);
        cnx_json_add_string(json, number, config->labels[i]);
    }
    json_builder_end_object(json);
    json_builder_set_member_name(json, "label2id");
    json_builder_begin_object(json);
    for (guint i = 0; i < config->classes; i++) /* ImageNet-1k has two cranes */
        if (g_hash_table_add(seen, config->labels[i]))
            cnx_json_add_int(json, config->labels[i], i);
    json_builder_end_object(json);
}

static void add_out_features(JsonBuilder *json, const CnxConfig *config)
{
    json_builder_set_member_name(json, "out_features");
    json_builder_begin_array(json);
    for (guint i = 0; i < config->stages; i++) {
        char name[16];

        g_snprintf(name, sizeof name, "stage%u", i + 1);
        if (config->output_norm[i])
            json_builder_add_string_value(json, name);
    }
    json_builder_end_array(json);
}

static const char *act_name(CnxAct act)
{
    static const char *const names[] = {
        [CNX_ACT_GELU] = "gelu",
        [CNX_ACT_GELU_TANH] = "gelu_pytorch_tanh",
        [CNX_ACT_SILU] = "silu",
    };

    return names[act];
}

static const char *dtype_name(CnxDtype dtype)
{
    return dtype == CNX_DTYPE_F16 ? "float16" : dtype == CNX_DTYPE_BF16 ? "bfloat16" : "float32";
}

static JsonNode *make_config(const CnxExport *e)
{
    g_autoptr(JsonBuilder) json = json_builder_new();
    const CnxConfig *config = e->config;
    const char *family = config->grn ? "ConvNextV2" : "ConvNext";
    const char *kind = config->classes            ? "ForImageClassification"
                       : has_output_norms(config) ? "Backbone"
                                                  : "Model";
    g_autofree char *architecture = g_strconcat(family, kind, NULL);

    json_builder_begin_object(json);
    json_builder_set_member_name(json, "architectures");
    json_builder_begin_array(json);
    json_builder_add_string_value(json, architecture);
    json_builder_end_array(json);
    cnx_json_add_string(json, "model_type", config->grn ? "convnextv2" : "convnext");
    cnx_json_add_int(json, "num_channels", 3);
    cnx_json_add_int(json, "patch_size", config->patch);
    cnx_json_add_int(json, "num_stages", config->stages);
    cnx_json_add_uints(json, "hidden_sizes", config->stages, config->dims);
    cnx_json_add_uints(json, "depths", config->stages, config->depths);
    if (has_output_norms(config))
        add_out_features(json, config);
    cnx_json_add_string(json, "hidden_act", act_name(config->act));
    cnx_json_add_number(json, "layer_norm_eps", config->head_eps);
    if (!config->grn) /* 0: no layer scale; the weights override any other value */
        cnx_json_add_number(json, "layer_scale_init_value", config->layer_scale ? 1e-6 : 0);
    cnx_json_add_number(json, "drop_path_rate", 0);
    cnx_json_add_number(json, "initializer_range", 0.02);
    cnx_json_add_int(json, "image_size", config->recipe.size);
    if (config->multi_label)
        cnx_json_add_string(json, "problem_type", "multi_label_classification");
    if (config->regression)
        cnx_json_add_string(json, "problem_type", "regression");
    if (config->classes)
        add_labels(json, config);
    cnx_export_add_decision(json, config);
    cnx_json_add_string(json, "dtype", dtype_name(e->dtype));
    json_builder_end_object(json);
    return json_builder_get_root(json);
}

static void add_square(JsonBuilder *json, const char *key, guint side)
{
    json_builder_set_member_name(json, key);
    json_builder_begin_object(json);
    cnx_json_add_int(json, "height", side);
    cnx_json_add_int(json, "width", side);
    json_builder_end_object(json);
}

static void add_short_side(JsonBuilder *json, guint side)
{
    json_builder_set_member_name(json, "size");
    json_builder_begin_object(json);
    cnx_json_add_int(json, "shortest_edge", side);
    json_builder_end_object(json);
}

/* Chooses the image processor for the geometry. ConvNextImageProcessor crops by crop_pct below 384
 * and squashes from there on; ViTImageProcessor squashes; CLIPImageProcessor resizes to one size
 * and crops to another. */
static void add_geometry(JsonBuilder *json, const CnxRecipe *recipe)
{
    const gboolean squash = recipe->crop == CNX_CROP_SQUASH, crops = recipe->resize != recipe->size;
    const gboolean own =
        recipe->size >= SQUASH_FROM ? squash && !crops : recipe->crop == CNX_CROP_CENTER;
    const char *type = own                ? "ConvNextImageProcessor"
                       : squash && !crops ? "ViTImageProcessor"
                                          : "CLIPImageProcessor";

    cnx_json_add_string(json, "image_processor_type", type);
    cnx_json_add_truth(json, "do_resize", TRUE);
    if (own) {
        add_short_side(json, recipe->size);
        cnx_json_add_number(json, "crop_pct",
                            recipe->size >= SQUASH_FROM ? 0.875 : cnx_export_crop_pct(recipe));
        return;
    }
    if (squash)
        add_square(json, "size", recipe->resize);
    else
        add_short_side(json, recipe->resize);
    if (squash && !crops)
        return;
    cnx_json_add_truth(json, "do_center_crop", recipe->crop != CNX_CROP_NONE);
    add_square(json, "crop_size", recipe->size);
}

static JsonNode *make_preprocessor(const CnxExport *e)
{
    g_autoptr(JsonBuilder) json = json_builder_new();
    static const guint pillow[] = {
        [CNX_FILTER_NEAREST] = 0, [CNX_FILTER_LANCZOS] = 1, [CNX_FILTER_BILINEAR] = 2,
        [CNX_FILTER_BICUBIC] = 3, [CNX_FILTER_BOX] = 4,     [CNX_FILTER_HAMMING] = 5,
    };
    const CnxRecipe *recipe = &e->config->recipe;

    json_builder_begin_object(json);
    add_geometry(json, recipe);
    cnx_json_add_int(json, "resample", pillow[recipe->filter]);
    cnx_json_add_truth(json, "do_rescale", TRUE);
    cnx_json_add_number(json, "rescale_factor", recipe->rescale);
    cnx_json_add_truth(json, "do_normalize", TRUE);
    cnx_json_add_floats(json, "image_mean", 3, recipe->mean);
    cnx_json_add_floats(json, "image_std", 3, recipe->std);
    json_builder_end_object(json);
    return json_builder_get_root(json);
}

const CnxExportWriter cnx_export_transformers = {
    "transformers", check_network, list_witnesses, adapt_tensor, make_config, make_preprocessor,
};
