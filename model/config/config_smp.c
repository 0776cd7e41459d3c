/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/config/config_smp.h"

#include <string.h>

#include "model/config/config_timm.h"

static const CnxItemKey item_keys[] = {
    {"encoder_name", CNX_ITEM_ACT},
    {"encoder_name", CNX_ITEM_EPS},
};

/* Models of smp that dilate their encoder: a module that only they have, and the default of
 * encoder_output_stride. */
static const struct {
    const char *model, *module;
    guint output_stride;
} dilating[] = {
    {"DeepLabV3Plus", "decoder.aspp.0.", 16},
    {"DeepLabV3", "decoder.aspp.convs.", 8},
    {"PAN", "decoder.gau3.", 16},
};

guint cnx_config_smp_output_stride(const char *tensor)
{
    for (guint i = 0; i < G_N_ELEMENTS(dilating); i++) {
        const char *at = strstr(tensor, dilating[i].module);

        if (at && (at == tensor || at[-1] == '.'))
            return dilating[i].output_stride;
    }
    return CNX_SMP_OUTPUT_STRIDE;
}

/* Other models pass the key "output_stride" on to timm. */
static gboolean read_output_stride(CnxConfig *config, const CnxJson *json, const char *model)
{
    for (guint i = 0; i < G_N_ELEMENTS(dilating); i++)
        if (g_strcmp0(model, dilating[i].model) == 0)
            return cnx_config_read_output_stride(config, json, "encoder_output_stride",
                                                 dilating[i].output_stride);
    return TRUE;
}

gboolean cnx_config_is_smp(const CnxJson *json)
{
    return cnx_json_has(json, "_model_class");
}

gboolean cnx_config_read_smp(CnxConfig *config, const CnxJson *json)
{
    static const char timm[] = "tu-";
    const char *key = "encoder_name", *name = NULL, *model = NULL;

    if (!cnx_json_string(json, key, &name) || !cnx_json_string(json, "_model_class", &model))
        return FALSE;
    if (!name || !g_str_has_prefix(name, "tu-convnext")) {
        g_autofree char *quoted = name ? cnx_quote(name) : g_strdup("missing");

        return cnx_json_fail(json, CNX_ERROR_NOT_CONVNEXT, key,
                             "is %s, expected a ConvNeXt of timm, \"tu-convnext...\"", quoted);
    }
    cnx_config_set_origins(config, json, CNX_ORIGIN_CONFIG, item_keys, G_N_ELEMENTS(item_keys));
    return cnx_config_read_timm_network(config, json, key, name + strlen(timm), json) &&
           read_output_stride(config, json, model);
}
