/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/config.h"

CnxConfig *cnx_config_new(void)
{
    return g_new0(CnxConfig, 1);
}

void cnx_config_free(CnxConfig *config)
{
    if (!config)
        return;
    g_free(config->variant);
    g_strfreev(config->labels);
    g_free(config);
}

const char *cnx_dialect_name(CnxDialect dialect)
{
    switch (dialect) {
    case CNX_DIALECT_TRANSFORMERS:
        return "transformers";
    case CNX_DIALECT_TIMM:
        return "timm";
    case CNX_DIALECT_TORCHVISION:
        return "torchvision";
    case CNX_DIALECT_FACEBOOK:
        return "facebookresearch";
    case CNX_DIALECT_OPENMMLAB:
        return "openmmlab";
    }
    g_assert_not_reached();
}

const char *cnx_origin_name(CnxOrigin origin)
{
    static const char *const names[] = {
        [CNX_ORIGIN_LIBRARY] = "default",
        [CNX_ORIGIN_CONFIG] = "config.json",
        [CNX_ORIGIN_PREPROCESSOR] = "preprocessor_config.json",
        [CNX_ORIGIN_LABELS] = "labels.txt",
    };
    return names[origin];
}
