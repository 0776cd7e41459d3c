/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/dialect/others.h"

#include <string.h>

#define NAME_MAX_LENGTH 256 /* of names whose suffix is compared */

/* Each network by a tensor that no ConvNeXt has. The first match counts, so a network comes before
 * those that it contains or resembles. */
static const struct {
    const char *suffix, *network;
} others[] = {
    {"lora_A.weight", "an adapter (LoRA), not a whole network"},
    {"lora_A.default.weight", "an adapter (LoRA), not a whole network"},
    {"model.diffusion_model.input_blocks.0.0.weight", "a diffusion model"},
    {"down_blocks.0.resnets.0.conv1.weight", "a diffusion model"},
    {"text_model.embeddings.token_embedding.weight", "a CLIP or SigLIP of transformers"},
    {"vision_model.embeddings.patch_embedding.weight", "a CLIP or SigLIP of transformers"},
    {"visual.class_embedding", "a CLIP with a vision transformer"},
    {"visual.layer1.0.conv1.weight", "a CLIP with a ResNet"},
    {"encoder.embed_positions.weight", "a speech or language model"},
    {"embed_tokens.weight", "a language model"},
    {"word_embeddings.weight", "a language model"},
    {"wte.weight", "a language model"},
    {"bbox_predictor.layers.0.weight", "a DETR or YOLOS detector"},
    {"cls_token", "a vision transformer"},
    {"class_token", "a vision transformer"},
    {"pos_embed", "a vision transformer"},
    {"attn_block.attn.rel_pos.relative_position_bias_table", "a MaxViT"},
    {"attn.relative_position_bias_table", "a Swin transformer"},
    {"attention.self.relative_position_bias_table", "a Swin transformer"},
    {"attention.relative_position_bias.relative_position_bias_table", "a Swin transformer"},
    {"window_attention.attn_layer.1.relative_position_bias_table", "a MaxViT"},
    {"blocks.0.mlp_tokens.fc1.weight", "an MLP-Mixer"},
    {"patch_embeddings.0.proj.weight", "a SegFormer"},
    {"stages.0.patch_embeddings.proj.weight", "a SegFormer"},
    {"rpn.head.cls_logits.weight", "a Faster R-CNN"},
    {"stage2.0.fuse_layers.0.1.0.weight", "an HRNet"},
    {"layer1.0.conv1.weight", "a ResNet"},
    {"encoder.stages.0.layers.0.layer.0.convolution.weight", "a ResNet"},
    {"trunk_output.block1.block1-0.f.a.0.weight", "a RegNet"},
    {"s1.b1.conv1.conv.weight", "a RegNet"},
    {"conv_stem.weight", "an EfficientNet or MobileNet"},
    {"features.1.0.block.0.0.weight", "an EfficientNet"},
    {"encoder.blocks.0.depthwise_conv.depthwise_conv.weight", "an EfficientNet"},
    {"features.1.conv.0.0.weight", "a MobileNet"},
    {"features.1.block.0.0.weight", "a MobileNet"},
    {"conv_stem.first_conv.convolution.weight", "a MobileNet"},
    {"denseblock1.denselayer1.conv1.weight", "a DenseNet"},
    {"Mixed_5b.branch1x1.conv.weight", "an Inception"},
    {"features.28.weight", "a VGG"},
    {"classifier.6.weight", "an AlexNet or VGG"},
    {"features.3.squeeze.weight", "a SqueezeNet"},
    {"stage2.0.branch1.0.weight", "a ShuffleNet"},
    {"model.0.conv.weight", "a YOLO"},
    {"token_mixer.dwconv_hw.weight", "an InceptionNeXt"},
};

gboolean cnx_name_ends_in(const char *name, const char *suffix)
{
    gsize a = strlen(name), b = strlen(suffix);

    return a >= b && a <= NAME_MAX_LENGTH && !strcmp(name + a - b, suffix) &&
           (a == b || name[a - b - 1] == '.');
}

const char *cnx_others_recognise(const CnxTensor *tensors, guint count, const char **witness)
{
    for (guint k = 0; k < G_N_ELEMENTS(others); k++)
        for (guint i = 0; i < count; i++)
            if (cnx_name_ends_in(tensors[i].name, others[k].suffix)) {
                *witness = tensors[i].name;
                return others[k].network;
            }
    return NULL;
}
