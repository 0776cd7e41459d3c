/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/dialect/tables.h"

#include <stddef.h>

static const CnxNamesRow timm[] = {
    {"stem.0.", "stem.conv."},
    {"stem.1.", "stem.norm."},
    {"stages.#.downsample.0.", "down#.norm."},
    {"stages.#.downsample.1.", "down#.conv."},
    {"stages.#.blocks.#.conv_dw.", "s#.b#.dw."},
    {"stages.#.blocks.#.norm.", "s#.b#.norm."},
    {"stages.#.blocks.#.mlp.fc1.", "s#.b#.pw1."},
    {"stages.#.blocks.#.mlp.fc2.", "s#.b#.pw2."},
    {"stages.#.blocks.#.mlp.grn.weight", "s#.b#.grn.gamma"},
    {"stages.#.blocks.#.mlp.grn.bias", "s#.b#.grn.beta"},
    {"stages.#.blocks.#.gamma", "s#.b#.gamma"},
    {"head.norm.", "norm."},
    {"norm_pre.", "norm."},
    {"head.pre_logits.fc.", "head.hidden."},
    {"head.fc.", "head."},
    {NULL, NULL},
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
    {"classifier.", "head."},
    {NULL, NULL},
};

/* The same library's DINOv3: the stem is stage 0's downsampling. */
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

static const CnxNamesRow torchvision[] = {
    {"features.0.0.", "stem.conv."},
    {"features.0.1.", "stem.norm."},
    {"features.%.0.", "down#.norm."},
    {"features.%.1.", "down#.conv."},
    {"features.@.#.block.0.", "s#.b#.dw."},
    {"features.@.#.block.2.", "s#.b#.norm."},
    {"features.@.#.block.3.", "s#.b#.pw1."},
    {"features.@.#.block.5.", "s#.b#.pw2."},
    {"features.@.#.layer_scale", "s#.b#.gamma"},
    {"classifier.0.", "norm."},
    {"classifier.2.", "head."},
    {NULL, NULL},
};

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
    {"head.", "head."},
    {NULL, NULL},
};

static const CnxNamesRow openmmlab[] = {
    {"downsample_layers.0.0.", "stem.conv."},
    {"downsample_layers.0.1.", "stem.norm."},
    {"downsample_layers.#.0.", "down#.norm."},
    {"downsample_layers.#.1.", "down#.conv."},
    {"stages.#.#.depthwise_conv.", "s#.b#.dw."},
    {"stages.#.#.norm.", "s#.b#.norm."},
    {"stages.#.#.pointwise_conv1.", "s#.b#.pw1."},
    {"stages.#.#.pointwise_conv2.", "s#.b#.pw2."},
    {"stages.#.#.grn.gamma", "s#.b#.grn.gamma"},
    {"stages.#.#.grn.beta", "s#.b#.grn.beta"},
    {"stages.#.#.gamma", "s#.b#.gamma"},
    {"norm3.", "norm."},
    {"head.fc.", "head."},
    {NULL, NULL},
};

const CnxNames cnx_names[] = {
    {CNX_DIALECT_TIMM, 1e-6, "stages.0.blocks.0.conv_dw.weight", timm},
    {CNX_DIALECT_TRANSFORMERS, 1e-12, "encoder.stages.0.layers.0.dwconv.weight", transformers},
    {CNX_DIALECT_TRANSFORMERS, 1e-6, "stages.0.layers.0.depthwise_conv.weight",
     transformers_dinov3},
    {CNX_DIALECT_TORCHVISION, 1e-6, "features.1.0.block.0.weight", torchvision},
    {CNX_DIALECT_FACEBOOK, 1e-6, "stages.0.0.dwconv.weight", facebook},
    {CNX_DIALECT_OPENMMLAB, 1e-6, "stages.0.0.depthwise_conv.weight", openmmlab},
    {0, 0, NULL, NULL},
};
