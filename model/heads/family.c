/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/heads/family.h"

#include <string.h>

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
    if (activation == NOTHING && info->classes > 1)
        cnx_head_info_assume(info, "activation=softmax");
    return TRUE;
}

/* true, false, a word, or {"type": word} */
static gboolean check_norm(const CnxHeadSource *source)
{
    static const CnxJsonWord words[] = {{"batchnorm", 0}, {"identity", 0}};
    const char *key = "decoder_use_norm";
    JsonObject *child = cnx_json_child(source->json, key);
    JsonNode *node = json_object_get_member(source->json->object, key);
    int ignored;

    if (child) {
        const CnxJson inner = {child, source->json->file, source->json->error,
                               source->json->budget};

        if (json_object_get_size(child) > 1)
            return cnx_json_fail(source->json, CNX_ERROR_UNSUPPORTED, key,
                                 "has settings besides \"type\", expected \"batchnorm\" or false");
        return cnx_json_word(&inner, "type", words, G_N_ELEMENTS(words), &ignored);
    }
    if (node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_BOOLEAN)
        return TRUE;
    return cnx_json_word(source->json, key, words, G_N_ELEMENTS(words), &ignored);
}

gboolean cnx_family_check_smp(const CnxHeadSource *source, guint upsampling, CnxHeadInfo *info)
{
    info->scaling = upsampling > 0 ? CNX_SCALING_BILINEAR_CORNERS : CNX_SCALING_NONE;
    info->twice = TRUE;
    if (!source->json) {
        cnx_head_info_assume(info, "decoder_use_norm=batchnorm");
        if (upsampling > 0)
            cnx_head_info_assume(info, "upsampling=%u", upsampling);
        return read_activation(source, info);
    }
    return cnx_family_check_number(source, "classes", info->classes) &&
           cnx_family_check_number(source, "in_channels", source->backbone->channels) &&
           cnx_family_check_number(source, "encoder_depth", source->backbone->stages + 1) &&
           (upsampling == 0 || cnx_family_check_number(source, "upsampling", upsampling)) &&
           check_norm(source) && read_activation(source, info);
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
