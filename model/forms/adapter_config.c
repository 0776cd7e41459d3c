/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/forms/adapter_config.h"

#include <math.h>
#include <string.h>

#define FILE_NAME "adapter_config.json"
#define MERGE ": call merge_and_unload() of PEFT before saving"

/* Keys that do not change what a LoRA computes, or that the scale depends on. Another key that is
 * true may select a variant of LoRA. */
static const char *const known[] = {
    "alpha_pattern",
    "auto_mapping",
    "base_model_name_or_path",
    "bias",
    "corda_config",
    "ensure_weight_tying",
    "eva_config",
    "exclude_modules",
    "fan_in_fan_out", /* PEFT ignores it for the layers of a ConvNeXt */
    "inference_mode",
    "init_lora_weights",
    "layers_pattern",
    "layers_to_transform",
    "loftq_config",
    "lora_alpha",
    "lora_dropout",
    "lora_ga_config",
    "megatron_core",
    "modules_to_save",
    "peft_type",
    "peft_version",
    "qalora_group_size",
    "r",
    "rank_pattern",
    "revision",
    "runtime_config",
    "target_modules",
    "task_type",
    "use_dora",
    "use_rslora",
    NULL,
};

static gboolean has_variant(const CnxAdapterConfig *config)
{
    const CnxJson json = {.object = config->object, .file = config->file};
    g_autoptr(GList) keys = json_object_get_members(config->object);

    for (const GList *key = keys; key; key = key->next)
        if (!g_strv_contains(known, key->data) && cnx_json_truth(&json, key->data, FALSE))
            return TRUE;
    return FALSE;
}

gboolean cnx_adapter_config_load(CnxAdapterConfig *config, const char *folder, CnxBudget *budget,
                                 GError **error)
{
    g_autoptr(GError) cause = NULL;
    const char *type = "";

    config->fault = "belongs to a LoRA whose scale is unknown, because " FILE_NAME
                    " is missing from the folder" MERGE;
    if (!folder)
        return TRUE;
    g_autofree char *path = g_build_filename(folder, FILE_NAME, NULL);
    config->file = g_filename_display_name(path);
    config->object = cnx_json_load(path, budget, &cause);
    if (cause) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return FALSE;
    }
    if (!config->object)
        return TRUE;
    const CnxJson json = {
        .object = config->object, .file = config->file, .error = error, .budget = budget};
    if (!cnx_json_string(&json, "peft_type", &type))
        return FALSE;
    config->fault =
        strcmp(type, "LORA") ? "belongs to a LoRA, but " FILE_NAME
                               " in its folder describes another adapter" MERGE
        : has_variant(config)
            ? "belongs to a variant of LoRA, such as QALoRA, according to " FILE_NAME MERGE
            : NULL;
    return TRUE;
}

void cnx_adapter_config_clear(CnxAdapterConfig *config)
{
    g_clear_pointer(&config->object, json_object_unref);
    g_clear_pointer(&config->file, g_free);
}

gboolean cnx_adapter_config_is_dora(const CnxAdapterConfig *config)
{
    const CnxJson json = {.object = config->object, .file = config->file};

    return config->object && cnx_json_truth(&json, "use_dora", FALSE);
}

/* Whether PEFT's regular expression "(.*\.)?(key)$" matches the layer, where key has no other
 * special character than the dot. */
static gboolean matches(const char *key, const char *layer)
{
    const gsize a = strlen(key), b = strlen(layer);

    if (a > b || (a < b && layer[b - a - 1] != '.'))
        return FALSE;
    for (gsize i = 0; i < a; i++)
        if (key[i] != '.' && key[i] != layer[b - a + i])
            return FALSE;
    return TRUE;
}

static gboolean is_plain(const char *key)
{
    for (; *key; key++)
        if (!g_ascii_isalnum(*key) && !strchr("_-.", *key))
            return FALSE;
    return TRUE;
}

/* *value: the number under key, or that of the layer under `pattern`. FALSE if it is unclear. */
static gboolean read_number(JsonObject *object, const char *key, const char *pattern,
                            const char *layer, double *value)
{
    JsonNode *node = json_object_get_member(object, key);
    JsonNode *patterns = json_object_get_member(object, pattern);

    if (patterns && JSON_NODE_HOLDS_OBJECT(patterns)) {
        JsonObject *members = json_node_get_object(patterns);
        g_autoptr(GList) keys = json_object_get_members(members);
        gboolean found = FALSE;

        for (const GList *at = keys; at; at = at->next) {
            if (!is_plain(at->data))
                return FALSE;
            if (!found && matches(at->data, layer)) {
                node = json_object_get_member(members, at->data);
                found = TRUE;
            }
        }
    }
    if (!node || !JSON_NODE_HOLDS_VALUE(node) ||
        (json_node_get_value_type(node) != G_TYPE_INT64 &&
         json_node_get_value_type(node) != G_TYPE_DOUBLE))
        return FALSE;
    *value = json_node_get_double(node);
    return isfinite(*value);
}

const char *cnx_adapter_config_scale(const CnxAdapterConfig *config, const char *layer,
                                     guint64 rank, double *scale)
{
    double r, alpha;

    if (config->fault)
        return config->fault;
    const CnxJson json = {.object = config->object, .file = config->file};
    if (!read_number(config->object, "r", "rank_pattern", layer, &r) ||
        !read_number(config->object, "lora_alpha", "alpha_pattern", layer, &alpha))
        return "belongs to a LoRA whose scale does not follow from r, lora_alpha, rank_pattern and "
               "alpha_pattern in " FILE_NAME MERGE;
    if (r != (double)rank)
        return "belongs to a LoRA whose rank differs from that in " FILE_NAME MERGE;
    *scale = alpha / (cnx_json_truth(&json, "use_rslora", FALSE) ? sqrt(r) : r);
    return NULL;
}
