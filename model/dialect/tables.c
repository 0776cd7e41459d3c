/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/dialect/tables.h"

#include <stddef.h>

/* stages: what precedes the number of a stage, "stages." in a whole network and "stages_" in timm's
 * features_only. */
#define TIMM_STAGES(stages)                                                                      \
    {stages "#.downsample.0.", "down#.norm."}, {stages "#.downsample.1.", "down#.conv."},        \
        {stages "#.blocks.#.conv_dw.", "s#.b#.dw."}, {stages "#.blocks.#.norm.", "s#.b#.norm."}, \
        {stages "#.blocks.#.mlp.fc1.", "s#.b#.pw1."},                                            \
        {stages "#.blocks.#.mlp.fc2.", "s#.b#.pw2."},                                            \
        {stages "#.blocks.#.mlp.grn.weight", "s#.b#.grn.gamma"},                                 \
        {stages "#.blocks.#.mlp.grn.bias", "s#.b#.grn.beta"},                                    \
        {stages "#.blocks.#.gamma", "s#.b#.gamma"}, {"head.norm.", "norm."},                     \
        {"norm_pre.", "norm."}, {"head.pre_logits.fc.", "head.0."}, {"head.fc.", "head."},       \
    {                                                                                            \
        NULL, NULL                                                                               \
    }

#define TIMM_PATCH(s) \
    {"stem" s "0.", "stem.conv."}, {"stem" s "1.", "stem.norm."}, TIMM_STAGES("stages" s)
#define TIMM_OVERLAP(s)                                                                            \
    {"stem" s "0.", "stem.conv0."}, {"stem" s "1.", "stem.conv1."}, {"stem" s "2.", "stem.norm."}, \
        TIMM_STAGES("stages" s)
#define TIMM_OVERLAP_ACT(s)                                                                        \
    {"stem" s "0.", "stem.conv0."}, {"stem" s "2.", "stem.conv1."}, {"stem" s "3.", "stem.norm."}, \
        TIMM_STAGES("stages" s)

static const CnxNamesRow timm[] = {TIMM_PATCH(".")};
static const CnxNamesRow timm_hnf[] = {{"norm_pre.", "norm."}, TIMM_PATCH(".")};
static const CnxNamesRow timm_overlap[] = {TIMM_OVERLAP(".")};
static const CnxNamesRow timm_overlap_act[] = {TIMM_OVERLAP_ACT(".")};
static const CnxNamesRow timm_children[] = {
    {"0.0.", "stem.conv."}, {"0.1.", "stem.norm."}, TIMM_STAGES("1.")};
static const CnxNamesRow features[] = {TIMM_PATCH("_")};
static const CnxNamesRow features_overlap[] = {TIMM_OVERLAP("_")};
static const CnxNamesRow features_overlap_act[] = {TIMM_OVERLAP_ACT("_")};

/* timm's network as the image tower of CLIP, next to a projection. */
static const CnxNamesRow open_clip[] = {
    {"head.proj.", "head."},
    {"head.mlp.fc1.", "head.0."},
    {"head.mlp.fc2.", "head."},
    TIMM_PATCH("."),
};

static const CnxNamesRow transformers[] = {
    {"embeddings.patch_embeddings.", "stem.conv."},
    {"embeddings.layernorm.", "stem.norm."},
    {"encoder.stages.#.downsampling_layer.0.", "down#.norm."},
    {"encoder.stages.#.downsampling_layer.1.", "down#.conv."},
    {"encoder.stages.#.layers.#.dwconv.", "s#.b#.dw."},
    {"encoder.stages.#.layers.#.layernorm.", "s#.b#.norm."},
    {"encoder.stages.#.layers.#.pwconv1.", "s#.b#.pw1."},
    {"encoder.stages.#.layers.#.pwconv2.", "s#.b#.pw2."},
    {"encoder.stages.#.layers.#.grn.weight", "s#.b#.grn.gamma"},
    {"encoder.stages.#.layers.#.grn.bias", "s#.b#.grn.beta"},
    {"encoder.stages.#.layers.#.grn.gamma", "s#.b#.grn.gamma"},
    {"encoder.stages.#.layers.#.grn.beta", "s#.b#.grn.beta"},
    {"encoder.stages.#.layers.#.layer_scale_parameter", "s#.b#.gamma"},
    {"layernorm.", "norm."},
    {"hidden_states_norms.stage+.", "outnorm#."},
    {"hidden_states_norms.#.", "outnorm#."},
    {"classifier.", "head."},
    {NULL, NULL},
};

/* DINOv3 in transformers: the stem is the downsampling of stage 0. */
static const CnxNamesRow transformers_dinov3[] = {
    {"stages.0.downsample_layers.0.", "stem.conv."},
    {"stages.0.downsample_layers.1.", "stem.norm."},
    {"stages.#.downsample_layers.0.", "down#.norm."},
    {"stages.#.downsample_layers.1.", "down#.conv."},
    {"stages.#.layers.#.depthwise_conv.", "s#.b#.dw."},
    {"stages.#.layers.#.layer_norm.", "s#.b#.norm."},
    {"stages.#.layers.#.pointwise_conv1.", "s#.b#.pw1."},
    {"stages.#.layers.#.pointwise_conv2.", "s#.b#.pw2."},
    {"stages.#.layers.#.gamma", "s#.b#.gamma"},
    {"layer_norm.", "norm."},
    {NULL, NULL},
};

/* features: what precedes the number of a layer. */
#define TORCHVISION(features)                                                             \
    {features "0.0.", "stem.conv."}, {features "0.1.", "stem.norm."},                     \
        {features "%.0.", "down#.norm."}, {features "%.1.", "down#.conv."},               \
        {features "@.#.block.0.", "s#.b#.dw."}, {features "@.#.block.2.", "s#.b#.norm."}, \
        {features "@.#.block.3.", "s#.b#.pw1."}, {features "@.#.block.5.", "s#.b#.pw2."}, \
    {                                                                                     \
        features "@.#.layer_scale", "s#.b#.gamma"                                         \
    }

static const CnxNamesRow torchvision[] = {
    TORCHVISION("features."),
    {"classifier.0.", "norm."},
    {"classifier.2.", "head."},
    {NULL, NULL},
};

/* Its features as the body of another network */
static const CnxNamesRow torchvision_features[] = {TORCHVISION(""), {NULL, NULL}};

static const CnxNamesRow facebook[] = {
    {"downsample_layers.0.0.", "stem.conv."},
    {"downsample_layers.0.1.", "stem.norm."},
    {"downsample_layers.#.0.", "down#.norm."},
    {"downsample_layers.#.1.", "down#.conv."},
    {"stages.#.#.dwconv.", "s#.b#.dw."},
    {"stages.#.#.norm.", "s#.b#.norm."},
    {"stages.#.#.pwconv1.", "s#.b#.pw1."},
    {"stages.#.#.pwconv2.", "s#.b#.pw2."},
    {"stages.#.#.grn.gamma", "s#.b#.grn.gamma"},
    {"stages.#.#.grn.beta", "s#.b#.grn.beta"},
    {"stages.#.#.gamma", "s#.b#.gamma"},
    {"norm.", "norm."},
    {"norm#.", "outnorm#."},
    {"head.", "head."},
    {NULL, NULL},
};

static const CnxNamesRow isotropic[] = {
    {"stem.", "stem.conv."},
    {"blocks.#.dwconv.", "s0.b#.dw."},
    {"blocks.#.norm.", "s0.b#.norm."},
    {"blocks.#.pwconv1.", "s0.b#.pw1."},
    {"blocks.#.pwconv2.", "s0.b#.pw2."},
    {"blocks.#.gamma", "s0.b#.gamma"},
    {"norm.", "norm."},
    {"head.", "head."},
    {NULL, NULL},
};

#define OPENMMLAB                                                                               \
    {"downsample_layers.0.0.", "stem.conv."}, {"downsample_layers.0.1.", "stem.norm."},         \
        {"downsample_layers.#.0.", "down#.norm."}, {"downsample_layers.#.1.", "down#.conv."},   \
        {"stages.#.#.depthwise_conv.", "s#.b#.dw."}, {"stages.#.#.norm.", "s#.b#.norm."},       \
        {"stages.#.#.pointwise_conv1.", "s#.b#.pw1."},                                          \
        {"stages.#.#.pointwise_conv2.", "s#.b#.pw2."},                                          \
        {"stages.#.#.grn.gamma", "s#.b#.grn.gamma"}, {"stages.#.#.grn.beta", "s#.b#.grn.beta"}, \
        {"stages.#.#.gamma", "s#.b#.gamma"},                                                    \
    {                                                                                           \
        "head.fc.", "head."                                                                     \
    }

/* The norm of the last stage belongs to the classifier, unless other stages have norms too. */
static const CnxNamesRow openmmlab[] = {OPENMMLAB, {"norm3.", "norm."}, {NULL, NULL}};
static const CnxNamesRow openmmlab_dense[] = {OPENMMLAB, {"norm#.", "outnorm#."}, {NULL, NULL}};

#define TIMM "stages.0.blocks.0.conv_dw.weight"
#define FEATURES "stages_0.blocks.0.conv_dw.weight"
#define MM "stages.0.0.depthwise_conv.weight"

const CnxNames cnx_names[] = {
    {CNX_DIALECT_OPEN_CLIP, 1e-6, TIMM, "trunk.", NULL, TRUE, open_clip},
    {CNX_DIALECT_TIMM, 1e-6, TIMM, NULL, "stem.3.weight", FALSE, timm_overlap_act},
    {CNX_DIALECT_TIMM, 1e-6, TIMM, NULL, "stem.2.weight", FALSE, timm_overlap},
    {CNX_DIALECT_TIMM, 1e-6, TIMM, NULL, "norm_pre.weight", FALSE, timm_hnf},
    {CNX_DIALECT_TIMM, 1e-6, TIMM, NULL, NULL, FALSE, timm},
    {CNX_DIALECT_TIMM, 1e-6, FEATURES, NULL, "stem_3.weight", FALSE, features_overlap_act},
    {CNX_DIALECT_TIMM, 1e-6, FEATURES, NULL, "stem_2.weight", FALSE, features_overlap},
    {CNX_DIALECT_TIMM, 1e-6, FEATURES, NULL, NULL, FALSE, features},
    {CNX_DIALECT_TIMM, 1e-6, "1.0.blocks.0.conv_dw.weight", NULL, NULL, FALSE, timm_children},
    {CNX_DIALECT_TRANSFORMERS, 1e-12, "encoder.stages.0.layers.0.dwconv.weight", NULL, NULL, TRUE,
     transformers},
    {CNX_DIALECT_TRANSFORMERS, 1e-6, "stages.0.layers.0.depthwise_conv.weight", NULL, NULL, TRUE,
     transformers_dinov3},
    {CNX_DIALECT_TORCHVISION, 1e-6, "features.1.0.block.0.weight", NULL, NULL, FALSE, torchvision},
    {CNX_DIALECT_TORCHVISION, 1e-6, "1.0.block.0.weight", NULL, NULL, FALSE, torchvision_features},
    {CNX_DIALECT_FACEBOOK, 1e-6, "stages.0.0.dwconv.weight", NULL, NULL, FALSE, facebook},
    {CNX_DIALECT_FACEBOOK, 1e-6, "blocks.0.dwconv.weight", NULL, NULL, FALSE, isotropic},
    {CNX_DIALECT_OPENMMLAB, 1e-6, MM, NULL, "norm0.weight", TRUE, openmmlab_dense},
    {CNX_DIALECT_OPENMMLAB, 1e-6, MM, NULL, "norm1.weight", TRUE, openmmlab_dense},
    {CNX_DIALECT_OPENMMLAB, 1e-6, MM, NULL, "norm2.weight", TRUE, openmmlab_dense},
    {CNX_DIALECT_OPENMMLAB, 1e-6, MM, NULL, NULL, TRUE, openmmlab},
    {0, 0, NULL, NULL, NULL, FALSE, NULL},
};
