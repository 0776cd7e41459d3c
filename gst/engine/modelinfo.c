/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/engine/modelinfo.h"

#include "model/base/encode.h"

static const char *const acts[] = {
    [CNX_ACT_NONE] = "none",
    [CNX_ACT_GELU] = "gelu",
    [CNX_ACT_GELU_TANH] = "gelu-tanh",
    [CNX_ACT_SILU] = "silu",
};

static void set_text(GstStructure *info, const char *field, const char *value)
{
    gst_structure_set(info, field, G_TYPE_STRING, value, NULL);
}

/* Three numbers in the C locale */
static void set_triple(GstStructure *info, const char *field, const float *values)
{
    char number[3][G_ASCII_DTOSTR_BUF_SIZE];

    for (guint i = 0; i < 3; i++)
        g_ascii_formatd(number[i], sizeof number[i], "%.6g", (double)values[i]);
    g_autofree char *text = g_strdup_printf("%s %s %s", number[0], number[1], number[2]);
    set_text(info, field, text);
}

static void set_network(GstStructure *info, const CnxConfig *config)
{
    g_autofree char *steps = cnx_head_text(&config->head);
    g_autofree char *head =
        g_strconcat(config->norm_is_assumed ? "norm after pooling (assumed); " : "", steps, NULL);

    set_text(info, "head", head);
    gst_structure_set(info, "variant", G_TYPE_STRING, config->variant, "parameters", G_TYPE_UINT64,
                      config->parameters, "classes", G_TYPE_UINT, config->classes, "projection",
                      G_TYPE_UINT, config->projection, "channels", G_TYPE_UINT, config->channels,
                      "activation", G_TYPE_STRING, acts[config->act], "norm-eps", G_TYPE_DOUBLE,
                      config->eps, "head-norm-eps", G_TYPE_DOUBLE, config->head_eps, NULL);
}

void gst_convnext_info_add_scores(GstStructure *info, const CnxDecision *decision, guint classes,
                                  const char *activation, const char *const *names)
{
    set_text(info, "scores", activation);
    if (decision->temperature) {
        g_autofree char *text = cnx_decision_text(decision->temperature, classes);

        set_text(info, "temperature", text);
    }
    if (decision->threshold) {
        g_autofree char *text = cnx_decision_text(decision->threshold, classes);

        set_text(info, "threshold", text);
    }
    if (decision->rest_class != CNX_NO_CLASS)
        set_text(info, "rest-class", names[decision->rest_class]);
}

/* The activation that activation=auto chooses. */
static void set_scores(GstStructure *info, const CnxConfig *config, const char *const *names)
{
    if (config->classes)
        gst_convnext_info_add_scores(info, &config->decision, config->classes,
                                     config->regression              ? "none"
                                     : cnx_config_is_sigmoid(config) ? "sigmoid"
                                                                     : "softmax",
                                     names);
}

static void set_recipe(GstStructure *info, const CnxRecipe *recipe)
{
    const gboolean has_filter = recipe->resampling == CNX_RESAMPLING_PILLOW;
    const char *interpolation = cnx_filter_name(has_filter ? recipe->filter : CNX_FILTER_BILINEAR);

    gst_structure_set(info, "input-size", G_TYPE_UINT, recipe->size, "resize", G_TYPE_UINT,
                      recipe->resize, "crop", G_TYPE_STRING, cnx_crop_name(recipe->crop),
                      "interpolation", G_TYPE_STRING, interpolation, "resampling", G_TYPE_STRING,
                      cnx_resampling_name(recipe->resampling), "rescale", G_TYPE_DOUBLE,
                      recipe->rescale, NULL);
    if (recipe->width)
        gst_structure_set(info, "input-width", G_TYPE_UINT, recipe->width, "input-height",
                          G_TYPE_UINT, recipe->height, NULL);
    if (recipe->crop == CNX_CROP_FIT)
        gst_structure_set(info, "longest-side", G_TYPE_UINT, recipe->longest, NULL);
    set_triple(info, "mean", recipe->mean);
    set_triple(info, "std", recipe->std);
}

static void set_bytes(GstStructure *info, const char *field, guint64 bytes)
{
    gst_structure_set(info, field, G_TYPE_UINT64, bytes, NULL);
}

/* What the model takes and may take. The batch replaces the single image. */
static void set_memory(GstStructure *info, const CnxNeed *need)
{
    set_bytes(info, "memory", need->weights);
    set_bytes(info, "image-memory", need->image);
    set_bytes(info, "thread-memory", need->scratch + need->stacks);
    set_bytes(info, "input-memory", need->inputs);
    set_bytes(info, "result-memory", need->results);
    set_bytes(info, "preprocess-memory", need->preprocessing);
    set_bytes(info, "least-memory", need->least);
    gst_structure_set(info, "batch", G_TYPE_UINT, need->images, NULL);
    set_bytes(info, "batch-memory", need->batch);
    set_bytes(info, "most-memory", need->most);
    set_bytes(info, "max-memory", need->limit.bytes);
    set_text(info, "max-memory-from", cnx_limit_from_name(need->limit.from));
}

static const char *origin_of(const GstConvnextModelFacts *facts, CnxItem item)
{
    const CnxConfig *config = cnx_model_config(facts->model);
    const gboolean is_set = (item == CNX_ITEM_SIZE && facts->size_is_set) ||
                            (item == CNX_ITEM_CROP && facts->crop_is_set) ||
                            (item == CNX_ITEM_RESIZE && (facts->size_is_set || facts->crop_is_set));

    if (is_set)
        return "property";
    if (item == CNX_ITEM_LABELS && g_str_equal(facts->labels, "file"))
        return "property";
    if (item == CNX_ITEM_LABELS && g_str_equal(facts->labels, "numbers"))
        return "none";
    return cnx_origin_name(config->origin[item]);
}

static void set_origins(GstStructure *info, const GstConvnextModelFacts *facts)
{
    static const char *const fields[CNX_ITEMS] = {
        [CNX_ITEM_SIZE] = "input-size-from", [CNX_ITEM_RESIZE] = "resize-from",
        [CNX_ITEM_CROP] = "crop-from",       [CNX_ITEM_FILTER] = "interpolation-from",
        [CNX_ITEM_RESCALE] = "rescale-from", [CNX_ITEM_MEAN] = "mean-from",
        [CNX_ITEM_STD] = "std-from",         [CNX_ITEM_ACT] = "activation-from",
        [CNX_ITEM_EPS] = "norm-eps-from",    [CNX_ITEM_HEAD_EPS] = "head-norm-eps-from",
        [CNX_ITEM_LABELS] = "labels-from",
    };

    for (guint i = 0; i < CNX_ITEMS; i++)
        set_text(info, fields[i], origin_of(facts, i));
}

GstStructure *gst_convnext_model_info(const GstConvnextModelFacts *facts)
{
    const CnxConfig *config = cnx_model_config(facts->model);
    GstStructure *info = gst_structure_new_empty("convnext-model-info");

    set_network(info, config);
    set_scores(info, config, facts->names);
    set_recipe(info, facts->recipe);
    gst_structure_set(info, "source-format", G_TYPE_STRING, cnx_dialect_name(config->dialect),
                      "container", G_TYPE_STRING, config->container, "weights", G_TYPE_STRING,
                      cnx_weight_set_name(config->weight_set), "weights-key", G_TYPE_STRING,
                      config->weights_key, "dtype", G_TYPE_STRING, cnx_dtype_name(config->dtype),
                      "labels", G_TYPE_STRING, facts->labels, "path", G_TYPE_STRING, facts->path,
                      "cpu", G_TYPE_STRING, cnx_model_isa(facts->model), "precision", G_TYPE_STRING,
                      cnx_precision_name(cnx_form_precision(cnx_model_form(facts->model))), NULL);
    set_memory(info, facts->need);
    if (config->ignored)
        set_text(info, "ignored", config->ignored);
    set_origins(info, facts);
    return info;
}

void gst_convnext_info_add_head(GstStructure *info, const CnxHeadInfo *head)
{
    set_text(info, "head", head->family);
    set_text(info, "library", head->library);
    gst_structure_set(info, "classes", G_TYPE_UINT, head->classes, NULL);
    if (head->ignored)
        set_text(info, "ignored", head->ignored);
    if (head->assumed[0]) {
        g_autofree char *assumed = g_strjoinv(", ", head->assumed);

        set_text(info, "assumed", assumed);
    }
}
