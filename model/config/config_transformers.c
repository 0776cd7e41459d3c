/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/config/config_transformers.h"

#include <string.h>

#include "model/config/labels.h"
#include "model/config/recipe_defaults.h"

static const CnxJsonWord acts[] = {
    {"gelu", CNX_ACT_GELU},
    {"gelu_python", CNX_ACT_GELU},
    {"gelu_new", CNX_ACT_GELU_TANH},
    {"gelu_fast", CNX_ACT_GELU_TANH},
    {"gelu_pytorch_tanh", CNX_ACT_GELU_TANH},
    {"gelu_python_tanh", CNX_ACT_GELU_TANH},
    {"silu", CNX_ACT_SILU},
    {"swish", CNX_ACT_SILU},
};

/* Fails if the file's number differs from that of the weights. */
static gboolean check_number(const CnxJson *json, const char *key, guint weights)
{
    guint value = weights;

    if (!cnx_json_uint(json, key, 0, G_MAXINT, &value))
        return FALSE;
    return value == weights || cnx_json_fail(json, CNX_ERROR_MISMATCH, key,
                                             "is %u, but the weights have %u", value, weights);
}

static gboolean check_stages(const CnxJson *json, const char *key, const guint *weights,
                             guint stages)
{
    guint n[CNX_STAGES];

    memcpy(n, weights, sizeof n);
    if (!cnx_json_uints(json, key, stages, n))
        return FALSE;
    for (guint i = 0; i < stages; i++)
        if (n[i] != weights[i])
            return cnx_json_fail(json, CNX_ERROR_MISMATCH, key,
                                 "is %u for stage %u, but the weights have %u", n[i], i + 1,
                                 weights[i]);
    return TRUE;
}

/* The stages that "out_features" names: "stage1", ..; or the indices, where 0 is the stem and -1
 * the last stage. *stages receives a bit for each. */
static gboolean read_features(const CnxJson *json, const char *key, guint count, guint *stages)
{
    JsonNode *node = json_object_get_member(json->object, key);
    JsonArray *array = node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;

    *stages = 0;
    for (guint i = 0; array && i < json_array_get_length(array); i++) {
        JsonNode *element = json_array_get_element(array, i);
        const gboolean is_value = JSON_NODE_HOLDS_VALUE(element);
        const GType type = is_value ? json_node_get_value_type(element) : G_TYPE_NONE;
        gint64 index = type == G_TYPE_INT64 ? json_node_get_int(element) : 0;

        if (type == G_TYPE_STRING)
            for (guint k = 1; k <= count; k++) {
                g_autofree char *name = g_strdup_printf("stage%u", k);

                index = g_str_equal(json_node_get_string(element), name) ? k : index;
            }
        index += index < 0 ? (gint64)count + 1 : 0;
        if (index < 1 || index > count)
            return FALSE;
        *stages |= 1u << (index - 1);
    }
    return array != NULL;
}

/* Compares the stages that a backbone hands on with those whose norms the weights have. */
static gboolean check_features(const CnxJson *json, const char *key, const CnxConfig *config)
{
    g_autoptr(GString) expected = g_string_new("");
    guint stages, found = 0;

    for (guint i = 0; i < config->stages; i++)
        if (config->output_norm[i]) {
            g_string_append_printf(expected, "%s%u", found ? ", " : "", i + 1);
            found |= 1u << i;
        }
    if (!found || config->dialect != CNX_DIALECT_TRANSFORMERS || !cnx_json_has(json, key))
        return TRUE;
    if (read_features(json, key, config->stages, &stages) && stages == found)
        return TRUE;
    g_autofree char *text =
        g_strdup_printf("stages %s, which have norms in the weights", expected->str);
    return cnx_json_fail_expected(json, CNX_ERROR_MISMATCH, key, text);
}

/* 0 and less: the network has no layer scale. */
static gboolean check_layer_scale(const CnxJson *json, const CnxConfig *config)
{
    const char *key = "layer_scale_init_value";
    double value = config->layer_scale;

    if (config->grn || config->dialect != CNX_DIALECT_TRANSFORMERS)
        return TRUE;
    if (!cnx_json_double(json, key, -G_MAXDOUBLE, G_MAXDOUBLE, &value))
        return FALSE;
    return (value > 0) == config->layer_scale ||
           cnx_json_fail(json, CNX_ERROR_MISMATCH, key,
                         "contradicts the weights, which have %s layer scale",
                         config->layer_scale ? "a" : "no");
}

static gboolean check_family(const CnxJson *json, const CnxConfig *config)
{
    const char *type = NULL;

    if (!cnx_json_string(json, "model_type", &type) || !type)
        return FALSE;
    gboolean v2 = !strcmp(type, "convnextv2");
    return v2 == config->grn ||
           cnx_json_fail(json, CNX_ERROR_MISMATCH, "model_type",
                         "is \"%s\", but the weights are %s", type,
                         config->grn ? "ConvNeXt V2 (with GRN)" : "not ConvNeXt V2 (no GRN)");
}

static gboolean read_act(const CnxJson *json, CnxAct *act)
{
    int value = *act;

    if (!cnx_json_word(json, "hidden_act", acts, G_N_ELEMENTS(acts), &value))
        return FALSE;
    *act = value;
    return TRUE;
}

/* "layer_norm_eps" is the last norm's, except in DINOv3, where every norm uses it. */
static gboolean read_eps(const CnxJson *json, CnxConfig *config)
{
    const char *type = NULL;

    if (!cnx_json_double(json, "layer_norm_eps", 0, 1, &config->head_eps) ||
        !cnx_json_string(json, "model_type", &type))
        return FALSE;
    if (type && !strcmp(type, "dinov3_convnext"))
        config->eps = config->head_eps;
    return TRUE;
}

static gboolean read_size(const CnxJson *json, CnxRecipe *recipe)
{
    guint size = 224;

    if (!cnx_json_uint(json, "image_size", 32, CNX_INPUT_MAX, &size))
        return FALSE;
    cnx_recipe_set_convnext(recipe, size, CNX_CROP_PCT);
    return TRUE;
}

static gboolean read_classes(const CnxJson *json, CnxConfig *config)
{
    if (!config->classes) /* a bare backbone's config still lists the original model's */
        return TRUE;
    return check_number(json, "num_labels", config->classes) &&
           cnx_labels_read_json(json, "id2label", NULL, config->classes, &config->labels) &&
           cnx_config_read_scores(config, json);
}

static const CnxItemKey item_keys[] = {
    {"image_size", CNX_ITEM_SIZE}, {"image_size", CNX_ITEM_RESIZE},
    {"image_size", CNX_ITEM_CROP}, {"hidden_act", CNX_ITEM_ACT},
    {"id2label", CNX_ITEM_LABELS}, {"layer_norm_eps", CNX_ITEM_HEAD_EPS},
};

gboolean cnx_config_read_transformers(CnxConfig *config, const CnxJson *json)
{
    cnx_recipe_set_defaults(&config->recipe, CNX_DIALECT_TRANSFORMERS, config->variant);
    cnx_config_set_origins(config, json, CNX_ORIGIN_CONFIG, item_keys, G_N_ELEMENTS(item_keys));
    return check_family(json, config) && check_number(json, "num_channels", config->channels) &&
           check_number(json, "patch_size", config->patch) &&
           check_number(json, "num_stages", config->stages) &&
           check_stages(json, "depths", config->depths, config->stages) &&
           check_stages(json, "hidden_sizes", config->dims, config->stages) &&
           check_features(json, "out_features", config) &&
           check_features(json, "out_indices", config) && check_layer_scale(json, config) &&
           read_classes(json, config) && read_act(json, &config->act) && read_eps(json, config) &&
           read_size(json, &config->recipe);
}
