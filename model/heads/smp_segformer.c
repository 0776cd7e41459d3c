/* The decoder of Segformer (Xie et al. 2021) of smp on a ConvNeXt.
 *
 *   x = relu(batch norm(conv1(concat(up(linear(C[i])) for each stage, the last one first))))
 *
 * up is bilinear to the first stage's size; then a 1x1 convolution to the classes. The product of
 * each part is made at the part's own resolution.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/heads/family.h"

static const CnxHeadEndings endings = {".0", ".1"};

typedef struct Segformer {
    guint stages, hidden, classes;
    guint width[CNX_STAGES];
    CnxConv linear[CNX_STAGES]; /* the last stage's first */
    CnxHeadParts fusion;
    CnxConv classifier;
} Segformer;

static gboolean describe(gpointer head, const CnxHeadSource *source, CnxHeadInfo *info)
{
    Segformer *s = head;
    CnxHeadLayer classifier = {.module = "segmentation_head.0", .side = 1};

    s->stages = source->backbone->stages;
    for (guint i = 0; i < s->stages; i++)
        s->width[i] = source->backbone->dims[i];
    if (!cnx_head_layer_check(source->tensors, &classifier, source->error))
        return FALSE;
    s->hidden = classifier.k;
    info->classes = s->classes = classifier.n;
    info->stride = cnx_family_stride(source->backbone, 0);
    return cnx_family_check_smp(source, 4, NULL, info) &&
           cnx_family_check_number(source, "decoder_segmentation_channels", s->hidden);
}

static gboolean pack(gpointer head, CnxHeadPacker *packer)
{
    Segformer *s = head;
    CnxHeadLayer classifier = {
        .module = "segmentation_head.0", .n = s->classes, .k = s->hidden, .side = 1};
    guint k[CNX_STAGES];

    s->fusion.count = s->stages;
    for (guint i = 0; i < s->stages; i++) {
        g_autofree char *module = g_strdup_printf("decoder.mlp_stage.%u.linear", i);
        CnxHeadLayer linear = {.module = module,
                               .n = s->hidden,
                               .k = s->width[s->stages - 1 - i],
                               .side = 1,
                               .is_linear = TRUE};

        k[i] = s->hidden;
        s->fusion.scaling[i] = i + 1 < s->stages ? CNX_SCALING_BILINEAR : CNX_SCALING_NONE;
        if (!cnx_head_pack_conv(packer, &linear, CNX_ACT_NONE, &s->linear[i]))
            return FALSE;
    }
    return cnx_head_pack_parts_module(packer, "decoder.fuse_stage", endings,
                                      (CnxHeadLayer){.n = s->hidden, .side = 1}, CNX_ACT_RELU, k,
                                      &s->fusion) &&
           cnx_head_pack_conv(packer, &classifier, CNX_ACT_NONE, &s->classifier);
}

static CnxOutput outputs(gconstpointer head)
{
    const Segformer *s = head;

    return (CNX_OUTPUT_STAGE1 << s->stages) - CNX_OUTPUT_STAGE1;
}

static CnxHeadMap forward(gconstpointer head, CnxSteps *steps, const CnxHeadMap *stages)
{
    const Segformer *s = head;
    CnxHeadMap parts[CNX_STAGES];

    for (guint i = 0; i < s->stages; i++)
        parts[i] = cnx_step_conv(steps, &s->linear[i], &stages[s->stages - 1 - i]);
    CnxHeadMap fused = cnx_step_parts(steps, &s->fusion, parts, stages[0].height, stages[0].width);
    cnx_step_show(steps, "fused", 0, &fused);
    for (guint i = 0; i < s->stages; i++)
        cnx_head_maps_release(&steps->maps, &parts[i]);
    const CnxHeadMap logits = cnx_step_conv(steps, &s->classifier, &fused);
    cnx_head_maps_release(&steps->maps, &fused);
    return logits;
}

static const char *const keys[] = {"decoder_segmentation_channels", "upsampling", "output_stride",
                                   NULL};

const CnxFamily cnx_smp_segformer = {
    .name = "Segformer",
    .library = "smp",
    .model = "Segformer",
    .keys = keys,
    .witness = "decoder.mlp_stage.0.linear.weight",
    .size = sizeof(Segformer),
    .whole = TRUE,
    .describe = describe,
    .pack = pack,
    .forward = forward,
    .outputs = outputs,
};
