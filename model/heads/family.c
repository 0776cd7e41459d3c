/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/heads/family.h"

#include <string.h>

#include "model/base/text.h"
#include "model/config/variant.h"

guint cnx_family_stride(const CnxConfig *backbone, guint stage)
{
    guint stride = backbone->stem == CNX_STEM_PATCH ? backbone->patch : 4;

    for (guint i = backbone->first_down ? 0 : 1; i <= stage; i++)
        stride *= cnx_config_stride(backbone, i);
    return stride;
}

gboolean cnx_family_fail(const CnxHeadSource *source, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(source->error, CNX_ERROR, CNX_ERROR_UNSUPPORTED, "%s: %s", source->tensors->file,
                text);
    return FALSE;
}

gboolean cnx_family_check_number(const CnxHeadSource *source, const char *key, guint weights)
{
    guint value = weights;

    if (!source->json)
        return TRUE;
    if (!cnx_json_uint(source->json, key, 0, G_MAXINT, &value))
        return FALSE;
    return value == weights || cnx_json_fail(source->json, CNX_ERROR_MISMATCH, key,
                                             "is %u, but the weights have %u", value, weights);
}

gboolean cnx_family_check_list(const CnxHeadSource *source, const char *key, const guint *weights,
                               guint count)
{
    g_autofree guint *values = g_memdup2(weights, count * sizeof *values);
    g_autoptr(GString) expected = g_string_new("[");

    if (!source->json)
        return TRUE;
    if (!cnx_json_uints(source->json, key, count, values))
        return FALSE;
    if (memcmp(values, weights, count * sizeof *values) == 0)
        return TRUE;
    for (guint i = 0; i < count; i++)
        g_string_append_printf(expected, "%s%u", i > 0 ? "," : "", weights[i]);
    g_string_append(expected, "], as the weights have");
    return cnx_json_fail_expected(source->json, CNX_ERROR_MISMATCH, key, expected->str);
}

/* Of every family: the names and the scores of classes. */
static const char *const common_keys[] = {
    "id2label", "label2id", "problem_type", "temperature", "threshold", "rest_class", NULL};

/* Of smp's networks, and of timm for their encoders. encoder_weights, aux_params and what follows
 * conv_bias do not change the result. */
static const char *const smp_keys[] = {
    "_model_class",    "activation",      "classes",       "in_channels", "encoder_name",
    "encoder_depth",   "depths",          "dims",          "act_layer",   "norm_layer",
    "norm_eps",        "kernel_sizes",    "patch_size",    "stem_type",   "use_grn",
    "conv_bias",       "conv_mlp",        "ls_init_value", "drop_rate",   "drop_path_rate",
    "head_init_scale", "encoder_weights", "aux_params",    NULL,
};

gboolean cnx_family_check_keys(const CnxFamily *family, const CnxHeadSource *source)
{
    const gboolean is_smp = cnx_json_has(source->json, "_model_class");
    g_autoptr(GList) members = json_object_get_members(source->json->object);

    for (GList *member = members; family->keys && member; member = member->next) {
        const char *key = member->data;

        if (g_strv_contains(common_keys, key) || g_strv_contains(family->keys, key) ||
            (is_smp && (key[0] == '_' || g_strv_contains(smp_keys, key))))
            continue;
        g_autofree char *printable = cnx_printable(key, (gssize)MIN(strlen(key), 80));
        return cnx_json_fail(source->json, is_smp ? CNX_ERROR_UNSUPPORTED : CNX_ERROR_MISMATCH,
                             printable, "is none that this version knows of a %s of %s",
                             family->name, family->library);
    }
    return TRUE;
}

/* The head's last module. A network that ends in a softmax has the same best classes as without. */
static gboolean read_activation(const CnxHeadSource *source, CnxHeadInfo *info)
{
    enum { NOTHING, SOFTMAX, SIGMOID };
    static const CnxJsonWord words[] = {
        {"identity", NOTHING},   {"softmax", SOFTMAX}, {"softmax2d", SOFTMAX},
        {"logsoftmax", SOFTMAX}, {"sigmoid", SIGMOID},
    };
    int activation = NOTHING;

    if (source->json &&
        !cnx_json_word(source->json, "activation", words, G_N_ELEMENTS(words), &activation))
        return FALSE;
    info->multi_label = activation == SIGMOID || info->classes == 1;
    if (activation == NOTHING && info->classes > 1 &&
        !(source->json && cnx_json_has(source->json, "problem_type")))
        cnx_head_info_assume(info, "activation=softmax");
    return TRUE;
}

/* true, false, a word, or {"type": word} */
static gboolean read_norm(const CnxHeadSource *source, const char *key, int *has_norm)
{
    static const CnxJsonWord words[] = {{"batchnorm", TRUE}, {"identity", FALSE}};
    JsonObject *child = cnx_json_child(source->json, key);
    JsonNode *node = json_object_get_member(source->json->object, key);

    if (child) {
        const CnxJson inner = {child, source->json->file, source->json->error,
                               source->json->budget};

        if (json_object_get_size(child) > 1)
            return cnx_json_fail(source->json, CNX_ERROR_UNSUPPORTED, key,
                                 "has settings besides \"type\", expected \"batchnorm\" or false");
        return cnx_json_word(&inner, "type", words, G_N_ELEMENTS(words), has_norm);
    }
    if (node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_BOOLEAN) {
        *has_norm = json_node_get_boolean(node);
        return TRUE;
    }
    return cnx_json_word(source->json, key, words, G_N_ELEMENTS(words), has_norm);
}

/* norm: a tensor of a batch norm. */
static gboolean check_norm(const CnxHeadSource *source, const char *norm)
{
    static const char *const keys[] = {"decoder_use_norm", "decoder_use_batchnorm"};
    const gboolean expected = cnx_head_has(source->tensors, "%s", norm);

    for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
        int found = expected;

        if (!cnx_json_has(source->json, keys[i]))
            continue;
        if (!read_norm(source, keys[i], &found))
            return FALSE;
        if (found != expected)
            return cnx_json_fail(source->json, CNX_ERROR_MISMATCH, keys[i],
                                 "contradicts the weights, which have %s tensor \"%s%s\"",
                                 expected ? "a" : "no", source->tensors->prefix, norm);
    }
    return TRUE;
}

/* Another factor would change the size of the result. */
static gboolean check_upsampling(const CnxHeadSource *source, guint upsampling)
{
    guint value = upsampling;

    if (!cnx_json_uint(source->json, "upsampling", 0, G_MAXINT, &value))
        return FALSE;
    return value == upsampling ||
           cnx_json_fail(source->json, CNX_ERROR_UNSUPPORTED, "upsampling",
                         "is %u, but this version knows only %u, the default", value, upsampling);
}

/* timm's values of an encoder whose name is not published, or that has no config. */
static void assume_encoder(const CnxHeadSource *source, CnxHeadInfo *info)
{
    const char *name = NULL;
    CnxPublished published;

    if (source->json && cnx_json_string(source->json, "encoder_name", &name) && name &&
        g_str_has_prefix(name, "tu-") && cnx_variant_lookup(name + strlen("tu-"), &published))
        return;
    if (!source->json || !cnx_json_has(source->json, "act_layer"))
        cnx_head_info_assume(info, "act_layer=%s",
                             source->backbone->act == CNX_ACT_GELU        ? "gelu"
                             : source->backbone->act == CNX_ACT_GELU_TANH ? "gelu_tanh"
                                                                          : "silu");
    if (!source->json || !cnx_json_has(source->json, "norm_eps"))
        cnx_head_info_assume(info, "norm_eps=%g", source->backbone->eps);
}

gboolean cnx_family_check_smp(const CnxHeadSource *source, guint upsampling, const char *norm,
                              CnxHeadInfo *info)
{
    info->scaling = upsampling > 0 ? CNX_SCALING_BILINEAR_CORNERS : CNX_SCALING_NONE;
    info->twice = TRUE;
    assume_encoder(source, info);
    if (!source->json) {
        if (upsampling > 0)
            cnx_head_info_assume(info, "upsampling=%u", upsampling);
        return read_activation(source, info);
    }
    return cnx_family_check_number(source, "classes", info->classes) &&
           cnx_family_check_number(source, "in_channels", source->backbone->channels) &&
           cnx_family_check_number(source, "encoder_depth", source->backbone->stages + 1) &&
           (upsampling == 0 || check_upsampling(source, upsampling)) &&
           (!norm || check_norm(source, norm)) && read_activation(source, info);
}

gboolean cnx_family_read_scaling(const CnxHeadSource *source, CnxHeadInfo *info,
                                 CnxScaling *scaling)
{
    static const CnxJsonWord words[] = {
        {"nearest", CNX_SCALING_NEAREST},
        {"bilinear", CNX_SCALING_BILINEAR},
    };
    int value = CNX_SCALING_NEAREST;

    if (!source->json || !cnx_json_has(source->json, "decoder_interpolation"))
        cnx_head_info_assume(info, "decoder_interpolation=nearest");
    else if (!cnx_json_word(source->json, "decoder_interpolation", words, G_N_ELEMENTS(words),
                            &value))
        return FALSE;
    *scaling = value;
    return TRUE;
}
