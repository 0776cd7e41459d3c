/* The report for programs: one JSON object.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "model/base/encode.h"
#include "model/export/json_members.h"
#include "model/heads/detector_config.h"
#include "pipelines/inspect/inspect.h"

static void add_strings(JsonBuilder *json, const char *key, const char *const *values)
{
    json_builder_set_member_name(json, key);
    json_builder_begin_array(json);
    for (; *values; values++)
        json_builder_add_string_value(json, *values);
    json_builder_end_array(json);
}

static void add_floats(JsonBuilder *json, const char *key, const float *values, guint count)
{
    json_builder_set_member_name(json, key);
    json_builder_begin_array(json);
    for (guint i = 0; i < count; i++)
        json_builder_add_double_value(json, values[i]);
    json_builder_end_array(json);
}

static void begin_object(JsonBuilder *json, const char *key)
{
    json_builder_set_member_name(json, key);
    json_builder_begin_object(json);
}

static void add_file(JsonBuilder *json, const Report *report)
{
    const char *const *files = cnx_checkpoint_files(report->checkpoint);

    json_builder_set_member_name(json, "files");
    json_builder_begin_array(json);
    for (; *files; files++) {
        g_autofree char *file = g_filename_display_name(*files);

        json_builder_add_string_value(json, file);
    }
    json_builder_end_array(json);
    cnx_json_add_string(json, "container", cnx_checkpoint_container(report->checkpoint));
    cnx_json_add_int(json, "bytes", report->bytes);
    cnx_json_add_string(json, "weights-key", report->config->weights_key);
    if (report->config->ignored)
        cnx_json_add_string(json, "ignored", report->config->ignored);
    cnx_json_add_string(json, "weight-set", cnx_weight_set_name(report->config->weight_set));
}

static void add_network(JsonBuilder *json, const Report *report)
{
    static const char *const stems[] = {
        [CNX_STEM_PATCH] = "patch",
        [CNX_STEM_OVERLAP] = "overlap",
        [CNX_STEM_OVERLAP_ACT] = "overlap-act",
    };
    const CnxConfig *config = report->config;

    cnx_json_add_string(json, "dialect", cnx_dialect_name(config->dialect));
    cnx_json_add_string(json, "variant", config->variant);
    cnx_json_add_int(json, "parameters", config->parameters);
    cnx_json_add_string(json, "dtype", cnx_dtype_name(config->dtype));
    cnx_json_add_int(json, "channels", config->channels);
    cnx_json_add_string(json, "stem", stems[config->stem]);
    if (config->stem == CNX_STEM_PATCH)
        cnx_json_add_int(json, "patch", config->patch);
    cnx_json_add_uints(json, "depths", config->stages, config->depths);
    cnx_json_add_uints(json, "widths", config->stages, config->dims);
    cnx_json_add_uints(json, "kernels", config->stages, config->kernels);
    cnx_json_add_truth(json, "layer-scale", config->layer_scale);
    cnx_json_add_truth(json, "grn", config->grn);
    cnx_json_add_string(json, "norm", report_norm(report));
    cnx_json_add_number(json, "eps", config->eps);
    cnx_json_add_number(json, "head-eps", config->head_eps);
    cnx_json_add_string(json, "activation", report_act(report));
    json_builder_set_member_name(json, "output-norms");
    json_builder_begin_array(json);
    for (guint i = 0; i < config->stages; i++)
        if (config->output_norm[i])
            json_builder_add_int_value(json, i + 1);
    json_builder_end_array(json);
}

/* "pooling", and "steps" with the layers behind the last norm. */
static void add_steps(JsonBuilder *json, const CnxHead *head)
{
    static const char *const kinds[] = {
        [CNX_HEAD_LINEAR] = "linear",
        [CNX_HEAD_NORM] = "norm",
        [CNX_HEAD_BATCH_NORM] = "batch-norm",
    };

    cnx_json_add_string(json, "pooling", head->concat ? "max+mean" : "mean");
    json_builder_set_member_name(json, "steps");
    json_builder_begin_array(json);
    for (guint i = 0; i < head->count; i++) {
        const CnxHeadStep *step = &head->steps[i];

        json_builder_begin_object(json);
        cnx_json_add_string(json, "kind", kinds[step->kind]);
        cnx_json_add_int(json, "inputs", step->inputs);
        cnx_json_add_int(json, "outputs", step->outputs);
        if (step->kind == CNX_HEAD_LINEAR)
            cnx_json_add_truth(json, "bias", step->bias);
        cnx_json_add_string(json, "activation", cnx_head_act_name(step->act));
        json_builder_end_object(json);
    }
    json_builder_end_array(json);
}

/* An array has a number for each class. */
static void add_decision(JsonBuilder *json, const CnxConfig *config)
{
    const CnxDecision *decision = &config->decision;

    if (decision->temperature)
        add_floats(json, "temperature", decision->temperature, config->classes);
    if (decision->threshold)
        add_floats(json, "threshold", decision->threshold, config->classes);
    if (decision->rest_class != CNX_NO_CLASS)
        cnx_json_add_int(json, "rest-class", (guint64)decision->rest_class);
}

static void add_head(JsonBuilder *json, const CnxConfig *config)
{
    guint hidden;

    cnx_head_is_plain(&config->head, &hidden);
    begin_object(json, "head");
    cnx_json_add_truth(json, "norm", config->final_norm);
    cnx_json_add_truth(json, "norm-first", config->head_norm_first);
    cnx_json_add_truth(json, "norm-assumed", config->norm_is_assumed);
    cnx_json_add_int(json, "hidden", hidden);
    add_steps(json, &config->head);
    cnx_json_add_int(json, "classes", config->classes);
    cnx_json_add_int(json, "projection", config->projection);
    cnx_json_add_truth(json, "multi-label", config->multi_label);
    cnx_json_add_truth(json, "regression", config->regression);
    add_decision(json, config);
    if (config->unused_heads)
        cnx_json_add_string(json, "unused-heads", config->unused_heads);
    json_builder_end_object(json);
    if (config->labels)
        add_strings(json, "labels", (const char *const *)config->labels);
}

static void add_recipe(JsonBuilder *json, const CnxRecipe *recipe)
{
    guint width, height;

    cnx_recipe_input(recipe, &width, &height);
    begin_object(json, "input");
    cnx_json_add_int(json, "size", recipe->size);
    cnx_json_add_int(json, "width", width);
    cnx_json_add_int(json, "height", height);
    cnx_json_add_int(json, "resize", recipe->resize);
    cnx_json_add_string(json, "crop", cnx_crop_name(recipe->crop));
    cnx_json_add_number(json, "crop-pct", recipe->crop_pct);
    if (recipe->crop == CNX_CROP_FIT)
        cnx_json_add_int(json, "longest-side", recipe->longest);
    cnx_json_add_string(json, "filter", cnx_filter_name(recipe->filter));
    cnx_json_add_string(json, "resampling", cnx_resampling_name(recipe->resampling));
    cnx_json_add_number(json, "rescale", recipe->rescale);
    add_floats(json, "mean", recipe->mean, 3);
    add_floats(json, "std", recipe->std, 3);
    json_builder_end_object(json);
}

static void add_origins(JsonBuilder *json, const CnxConfig *config)
{
    static const char *const names[CNX_ITEMS] = {
        [CNX_ITEM_SIZE] = "size",         [CNX_ITEM_RESIZE] = "resize",   [CNX_ITEM_CROP] = "crop",
        [CNX_ITEM_FILTER] = "filter",     [CNX_ITEM_RESCALE] = "rescale", [CNX_ITEM_MEAN] = "mean",
        [CNX_ITEM_STD] = "std",           [CNX_ITEM_ACT] = "activation",  [CNX_ITEM_EPS] = "eps",
        [CNX_ITEM_HEAD_EPS] = "head-eps", [CNX_ITEM_LABELS] = "labels",
    };

    begin_object(json, "origins");
    for (guint item = 0; item < CNX_ITEMS; item++)
        if (item != CNX_ITEM_LABELS || config->labels)
            cnx_json_add_string(json, names[item], cnx_origin_name(config->origin[item]));
    json_builder_end_object(json);
}

static void add_tensor_list(JsonBuilder *json, const Report *report)
{
    guint count;
    const CnxPart *parts = cnx_checkpoint_parts(report->checkpoint, &count);

    json_builder_set_member_name(json, "list");
    json_builder_begin_array(json);
    for (guint i = 0; i < count; i++) {
        const CnxTensor *t = parts[i].tensor;

        json_builder_begin_object(json);
        cnx_json_add_string(json, "name", t->name);
        cnx_json_add_string(json, "dtype", cnx_tensor_dtype_name(t));
        json_builder_set_member_name(json, "shape");
        json_builder_begin_array(json);
        for (guint k = 0; k < t->rank; k++)
            json_builder_add_int_value(json, (gint64)t->shape[k]);
        json_builder_end_array(json);
        if (report_uses(report, &parts[i]))
            cnx_json_add_string(json, "part", parts[i].canonical ? parts[i].canonical : "head");
        else
            cnx_json_add_string(json, "reason", parts[i].reason);
        json_builder_end_object(json);
    }
    json_builder_end_array(json);
}

/* Lines that say how tensors were composed from those of the file. */
static void add_forms(JsonBuilder *json, const Report *report)
{
    g_auto(GStrv) lines = cnx_checkpoint_forms(report->checkpoint);

    json_builder_set_member_name(json, "composed");
    json_builder_begin_array(json);
    for (guint i = 0; lines[i]; i++)
        json_builder_add_string_value(json, lines[i]);
    json_builder_end_array(json);
}

/* The names of ignored tensors, and why each is ignored. */
static void add_ignored(JsonBuilder *json, const Report *report)
{
    guint count;
    const CnxPart *parts = cnx_checkpoint_parts(report->checkpoint, &count);

    begin_object(json, "ignored-names");
    for (guint i = 0; i < count; i++)
        if (!report_uses(report, &parts[i]))
            cnx_json_add_string(json, parts[i].tensor->name, parts[i].reason);
    json_builder_end_object(json);
}

static void add_tensors(JsonBuilder *json, const Report *report, gboolean list)
{
    begin_object(json, "tensors");
    cnx_json_add_int(json, "used", report->used);
    cnx_json_add_int(json, "ignored", report->ignored);
    cnx_json_add_int(json, "missing", report->missing->len);
    add_forms(json, report);
    add_ignored(json, report);
    if (list)
        add_tensor_list(json, report);
    json_builder_end_object(json);
}

/* Fields of the same names as in the element's model-info. */
static void add_memory(JsonBuilder *json, const CnxNeed *need)
{
    cnx_json_add_int(json, "memory", need->weights);
    begin_object(json, "run");
    cnx_json_add_int(json, "input-size", need->width);
    cnx_json_add_int(json, "input-height", need->height);
    cnx_json_add_int(json, "threads", need->threads);
    cnx_json_add_int(json, "image-memory", need->image);
    cnx_json_add_int(json, "thread-memory", need->scratch + need->stacks);
    cnx_json_add_int(json, "input-memory", need->inputs);
    cnx_json_add_int(json, "result-memory", need->results);
    cnx_json_add_int(json, "preprocess-memory", need->preprocessing);
    cnx_json_add_int(json, "least-memory", need->least);
    cnx_json_add_int(json, "batch", need->images);
    cnx_json_add_int(json, "batch-memory", need->batch);
    cnx_json_add_int(json, "most-memory", need->most);
    cnx_json_add_int(json, "max-memory", need->limit.bytes);
    cnx_json_add_string(json, "max-memory-from", cnx_limit_from_name(need->limit.from));
    json_builder_end_object(json);
}

static void add_segmenter(JsonBuilder *json, const CnxHeadInfo *info)
{
    cnx_json_add_truth(json, "multi-label", info->multi_label);
    cnx_json_add_int(json, "width", info->width);
    cnx_json_add_int(json, "height", info->height);
    cnx_json_add_int(json, "stride", info->stride);
}

/* Sides of the anchors of a level in pixels: [[width, height], ...] */
static void add_anchors(JsonBuilder *json, const CnxBox *cells, guint count)
{
    json_builder_set_member_name(json, "anchors");
    json_builder_begin_array(json);
    for (guint i = 0; i < count; i++) {
        json_builder_begin_array(json);
        json_builder_add_double_value(json, cells[i].x1 - cells[i].x0);
        json_builder_add_double_value(json, cells[i].y1 - cells[i].y0);
        json_builder_end_array(json);
    }
    json_builder_end_array(json);
}

static void add_levels(JsonBuilder *json, const Report *report)
{
    const CnxDetectorConfig *config = cnx_detector_config(report->detector);

    json_builder_set_member_name(json, "levels");
    json_builder_begin_array(json);
    for (guint i = 0; i < config->levels; i++) {
        gboolean is_down;
        guint stage;
        const guint stride = report_level(report, i, &stage, &is_down);

        json_builder_begin_object(json);
        if (stage > 0) {
            cnx_json_add_int(json, "stage", stage);
            cnx_json_add_truth(json, "downsampling", is_down);
        }
        cnx_json_add_int(json, "stride", stride);
        add_anchors(json, config->cells[i], config->anchors);
        json_builder_end_object(json);
    }
    json_builder_end_array(json);
}

/* Settings of the same names as in the element's model-info. */
static void add_detector(JsonBuilder *json, const Report *report)
{
    const CnxDetectorSettings settings = cnx_detector_settings(report->detector, NULL);
    const CnxDetectorLayers layers = cnx_detector_layers(report->detector);

    cnx_json_add_int(json, "min-size", settings.min_size);
    cnx_json_add_int(json, "max-size", settings.max_size);
    cnx_json_add_number(json, "score-threshold", settings.score_threshold);
    cnx_json_add_number(json, "nms-threshold", settings.nms_threshold);
    cnx_json_add_int(json, "max-objects", settings.max_objects);
    cnx_json_add_int(json, "proposals", settings.proposals);
    cnx_json_add_truth(json, "masks", settings.masks);
    cnx_json_add_int(json, "mask-side", layers.mask_side);
    cnx_json_add_int(json, "channels", layers.channels);
    cnx_json_add_int(json, "stages", layers.stages);
    cnx_json_add_int(json, "box-side", layers.box_side);
    cnx_json_add_int(json, "box-convolutions", layers.box_convs);
    cnx_json_add_int(json, "box-linear-layers", layers.box_linears);
    cnx_json_add_int(json, "mask-convolutions", layers.mask_convs);
    add_levels(json, report);
}

/* "segmenter" or "detector", if there is one; otherwise "head-fault" if it cannot be run. */
static void add_dense_head(JsonBuilder *json, const Report *report)
{
    const CnxHeadInfo *info = report->head;

    if (report->head_fault)
        cnx_json_add_string(json, "head-fault", report->head_fault);
    if (!info)
        return;
    begin_object(json, report->detector ? "detector" : "segmenter");
    cnx_json_add_string(json, "family", info->family);
    cnx_json_add_string(json, "library", info->library);
    cnx_json_add_int(json, "classes", info->classes);
    if (report->detector)
        add_detector(json, report);
    else
        add_segmenter(json, info);
    cnx_json_add_int(json, "parameters", report->head_parameters);
    cnx_json_add_int(json, "weights", report->head_weights);
    add_strings(json, "assumed", (const char *const *)info->assumed);
    if (info->labels)
        add_strings(json, "labels", (const char *const *)info->labels);
    if (info->ignored)
        cnx_json_add_string(json, "ignored", info->ignored);
    json_builder_end_object(json);
}

void report_print_json(const Report *report, gboolean tensors)
{
    g_autoptr(JsonBuilder) json = json_builder_new();

    json_builder_begin_object(json);
    add_file(json, report);
    add_network(json, report);
    add_head(json, report->config);
    add_dense_head(json, report);
    add_recipe(json, report->recipe);
    add_origins(json, report->config);
    add_tensors(json, report, tensors);
    add_memory(json, &report->need);
    cnx_json_add_string(json, "cpu", report->isa_level);
    cnx_json_add_string(json, "precision", cnx_precision_name(report->precision));
    if (report->remark)
        cnx_json_add_string(json, "precision-remark", report->remark);
    cnx_json_add_int(json, "macs", report->macs);
    cnx_json_add_int(json, "rounded-macs", report->rounded_macs);
    cnx_json_add_string(json, "launch", report->launch);
    json_builder_end_object(json);
    report_print_object(json);
}

void report_print_object(JsonBuilder *json)
{
    g_autoptr(JsonNode) root = json_builder_get_root(json);
    g_autofree char *text = json_to_string(root, TRUE);

    puts(text);
}
