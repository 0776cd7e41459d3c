/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/config/config.h"

#include <string.h>

CnxConfig *cnx_config_new(void)
{
    CnxConfig *config = g_new0(CnxConfig, 1);

    config->channels = 3;
    config->patch = 4;
    config->stages = CNX_STAGES;
    config->stem_norm = config->conv_bias = TRUE;
    config->decision.rest_class = CNX_NO_CLASS;
    for (guint i = 0; i < CNX_STAGES; i++) {
        config->kernels[i] = 7;
        config->dilations[i] = 1;
    }
    return config;
}

void cnx_config_free(CnxConfig *config)
{
    if (!config)
        return;
    g_free(config->variant);
    g_free(config->weights_key);
    g_strfreev(config->labels);
    cnx_decision_clear(&config->decision);
    g_free(config->ignored);
    g_free(config->unused_heads);
    g_free(config);
}

/* An overlapping stem, with its padding, also accepts a few pixels less than this. */
guint cnx_config_min_side(const CnxConfig *config)
{
    guint side = config->stem == CNX_STEM_PATCH ? config->patch : 4;

    for (guint i = 0; i < config->stages; i++)
        side *= cnx_config_stride(config, i);
    return side;
}

gboolean cnx_config_is_sigmoid(const CnxConfig *config)
{
    return config->multi_label || config->classes == 1;
}

gboolean cnx_config_read_scores(CnxConfig *config, const CnxJson *json)
{
    const char *problem = NULL;

    if (!config->classes)
        return TRUE;
    if (!cnx_json_string(json, "problem_type", &problem))
        return FALSE;
    config->multi_label = problem && !strcmp(problem, "multi_label_classification");
    config->regression = problem && !strcmp(problem, "regression");
    const CnxScoreKind kind = config->regression              ? CNX_SCORES_NONE
                              : cnx_config_is_sigmoid(config) ? CNX_SCORES_SIGMOID
                                                              : CNX_SCORES_SOFTMAX;
    return cnx_decision_read(&config->decision, json, kind, config->classes, config->labels);
}

guint cnx_config_stride(const CnxConfig *config, guint stage)
{
    const guint before = stage > 0 ? config->dilations[stage - 1] : 1;

    if (stage == 0 && !config->first_down)
        return 1;
    return config->dilations[stage] > before ? 1 : 2;
}

void cnx_config_dilate(CnxConfig *config, guint output_stride)
{
    guint stride = config->stem == CNX_STEM_PATCH ? config->patch : 4, dilation = 1;

    for (guint i = 0; i < config->stages; i++) {
        if (i > 0 || config->first_down) {
            if (stride >= output_stride)
                dilation *= 2;
            else
                stride *= 2;
        }
        config->dilations[i] = dilation;
    }
}

void cnx_config_set_origins(CnxConfig *config, const CnxJson *json, CnxOrigin origin,
                            const CnxItemKey *keys, guint count)
{
    for (guint i = 0; i < count; i++)
        if (cnx_json_has(json, keys[i].key))
            config->origin[keys[i].item] = origin;
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
    case CNX_DIALECT_OPEN_CLIP:
        return "open_clip";
    }
    g_assert_not_reached();
}

const char *cnx_origin_name(CnxOrigin origin)
{
    static const char *const names[] = {
        [CNX_ORIGIN_LIBRARY] = "default",
        [CNX_ORIGIN_CONFIG] = "config.json",
        [CNX_ORIGIN_PREPROCESSOR] = "preprocessor_config.json",
        [CNX_ORIGIN_OPEN_CLIP] = "open_clip_config.json",
        [CNX_ORIGIN_LABELS] = "labels.txt",
        [CNX_ORIGIN_IMAGENET] = "ImageNet",
        [CNX_ORIGIN_WEIGHTS] = "weights",
    };

    return names[origin];
}

const char *cnx_weight_set_name(CnxWeightSet set)
{
    static const char *const names[] = {"only", "raw", "ema"};

    return names[set];
}
