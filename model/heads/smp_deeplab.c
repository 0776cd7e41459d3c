/* DeepLabV3+ (Chen et al. 2018) of smp on a dilated ConvNeXt.
 *
 *   pyramid   A = [conv1(C), conv3 of C with each of three dilations, up(conv1(mean of C))]
 *             C: the last stage
 *   decoder   y = conv3(conv1(concat(A)))
 *             z = conv3(concat(up(y), conv1(C[0]))); conv1 to the classes
 *
 * Every layer but the last has a batch norm and a relu. conv3 is separable: depthwise, then 1x1;
 * those of A may be ordinary convolutions instead. up(y) is bilinear with aligned corners. The
 * mean's part of conv1(concat(A)) is computed at its own resolution, 1x1.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/heads/family.h"

#include <string.h>

#define RATES 3
#define RATE_MAX 1024        /* with a larger one only the middle tap is inside any real map */
#define BRANCHES (RATES + 2) /* of the pyramid */

static const CnxHeadEndings endings = {".0", ".1"};
static const guint usual_rates[RATES] = {12, 24, 36};

/* A 3x3 convolution: of all channels, or depthwise with a 1x1 convolution behind it. */
typedef struct Conv3 {
    CnxDepthwise depthwise;
    CnxConv conv;
} Conv3;

typedef struct Deeplab {
    guint stages, hidden, low_width, classes; /* low_width: channels of conv1(C[0]) */
    guint width[CNX_STAGES];
    guint rate[RATES];
    gboolean is_separable; /* the dilated convolutions */
    CnxConv point;
    Conv3 dilated[RATES];
    CnxConv mean, low;
    CnxHeadParts project;
    Conv3 smooth, fusion;
    CnxConv classifier;
} Deeplab;

static gboolean check_encoder(const CnxHeadSource *source)
{
    const CnxConfig *backbone = source->backbone;
    const guint first = cnx_family_stride(backbone, 0);
    const guint last = cnx_family_stride(backbone, backbone->stages - 1);

    if (backbone->stages < 2)
        return cnx_family_fail(source,
                               "has a DeepLabV3+ on an encoder with %u stage, expected 2 to %u",
                               backbone->stages, CNX_STAGES);
    if (first == 4 && last <= 16)
        return TRUE;
    return cnx_family_fail(source,
                           "has a DeepLabV3+ on an encoder whose stages have strides from %u to "
                           "%u, expected from 4 to 8 or 16 (key \"encoder_output_stride\")",
                           first, last);
}

/* What a config may say that the weights do not show. */
static gboolean read_rates(Deeplab *d, const CnxHeadSource *source, CnxHeadInfo *info)
{
    const char *key = "decoder_atrous_rates";
    const CnxConfig *backbone = source->backbone;

    /* An encoder of two stages is the same with each output stride. */
    if (!source->json || !cnx_json_has(source->json, "encoder_output_stride"))
        cnx_head_info_assume(
            info, "encoder_output_stride=%u",
            backbone->stages > 2 ? cnx_family_stride(backbone, backbone->stages - 1) : 16);
    if (!source->json || !cnx_json_has(source->json, key)) {
        memcpy(d->rate, usual_rates, sizeof usual_rates);
        cnx_head_info_assume(info, "%s=%u,%u,%u", key, d->rate[0], d->rate[1], d->rate[2]);
        return TRUE;
    }
    if (!cnx_json_uints(source->json, key, RATES, d->rate))
        return FALSE;
    for (guint i = 0; i < RATES; i++)
        if (d->rate[i] == 0 || d->rate[i] > RATE_MAX)
            return cnx_json_fail(source->json, CNX_ERROR_UNSUPPORTED, key,
                                 "has the rate %u, expected 1 to %u", d->rate[i], RATE_MAX);
    return TRUE;
}

static gboolean check_separable(const Deeplab *d, const CnxHeadSource *source)
{
    const char *key = "decoder_aspp_separable";

    return !source->json || !cnx_json_has(source->json, key) ||
           cnx_json_truth(source->json, key, TRUE) == d->is_separable ||
           cnx_json_fail(source->json, CNX_ERROR_MISMATCH, key,
                         "contradicts the weights, whose dilated convolutions are%s separable",
                         d->is_separable ? "" : " not");
}

static gboolean describe(gpointer head, const CnxHeadSource *source, CnxHeadInfo *info)
{
    Deeplab *d = head;
    CnxHeadLayer classifier = {.module = "segmentation_head.0", .side = 1};
    CnxHeadLayer low = {.module = "decoder.block1.0", .side = 1, .no_bias = TRUE};

    if (!check_encoder(source) ||
        !cnx_head_layer_check(source->tensors, &classifier, source->error) ||
        !cnx_head_layer_check(source->tensors, &low, source->error))
        return FALSE;
    d->stages = source->backbone->stages;
    for (guint i = 0; i < d->stages; i++)
        d->width[i] = source->backbone->dims[i];
    d->is_separable = cnx_head_has(source->tensors, "decoder.aspp.0.convs.1.0.1.weight");
    d->hidden = classifier.k;
    d->low_width = low.n;
    info->classes = d->classes = classifier.n;
    info->stride = cnx_family_stride(source->backbone, 0);
    return cnx_family_check_smp(source, 4, NULL, info) && read_rates(d, source, info) &&
           check_separable(d, source) &&
           cnx_family_check_number(source, "decoder_channels", d->hidden);
}

/* A 1x1 convolution with its batch norm: modules .0 and .1 */
static gboolean pack_conv1(CnxHeadPacker *packer, const char *module, CnxHeadEndings names, guint n,
                           guint k, CnxConv *conv)
{
    return cnx_head_pack_conv_module(packer, module, names,
                                     (CnxHeadLayer){.n = n, .k = k, .side = 1}, CNX_ACT_RELU, conv);
}

/* conv: the module of a depthwise and a 1x1 convolution, .0 and .1; norm: of their batch norm */
static gboolean pack_separable(const Deeplab *d, CnxHeadPacker *packer, const char *conv,
                               const char *norm, guint k, guint dilation, Conv3 *layer)
{
    g_autofree char *depthwise = g_strconcat(conv, ".0", NULL);
    g_autofree char *point = g_strconcat(conv, ".1", NULL);
    CnxHeadLayer pointwise = {.module = point, .norm = norm, .n = d->hidden, .k = k, .side = 1};

    return cnx_head_pack_depthwise(packer, depthwise, k, 3, dilation, &layer->depthwise) &&
           cnx_head_pack_conv(packer, &pointwise, CNX_ACT_RELU, &layer->conv);
}

static gboolean pack_dilated(Deeplab *d, CnxHeadPacker *packer, guint i)
{
    const guint k = d->width[d->stages - 1];
    g_autofree char *module = g_strdup_printf("decoder.aspp.0.convs.%u", i + 1);
    g_autofree char *conv = g_strconcat(module, ".0", NULL);
    g_autofree char *norm = g_strconcat(module, ".1", NULL);
    CnxHeadLayer layer = {.module = conv, .norm = norm, .n = d->hidden, .k = k, .side = 3};

    if (d->is_separable)
        return pack_separable(d, packer, conv, norm, k, d->rate[i], &d->dilated[i]);
    return cnx_head_pack_dilated(packer, &layer, d->rate[i], CNX_ACT_RELU, &d->dilated[i].conv);
}

static gboolean pack_pyramid(Deeplab *d, CnxHeadPacker *packer)
{
    const guint k = d->width[d->stages - 1];
    const CnxHeadEndings behind_pooling = {".1", ".2"};
    guint parts[BRANCHES];

    if (!pack_conv1(packer, "decoder.aspp.0.convs.0", endings, d->hidden, k, &d->point))
        return FALSE;
    for (guint i = 0; i < RATES; i++)
        if (!pack_dilated(d, packer, i))
            return FALSE;
    for (guint i = 0; i < BRANCHES; i++)
        parts[i] = d->hidden;
    d->project.count = BRANCHES;
    d->project.scaling[BRANCHES - 1] = CNX_SCALING_BILINEAR;
    return pack_conv1(packer, "decoder.aspp.0.convs.4", behind_pooling, d->hidden, k, &d->mean) &&
           cnx_head_pack_parts_module(packer, "decoder.aspp.0.project", endings,
                                      (CnxHeadLayer){.n = d->hidden, .side = 1}, CNX_ACT_RELU,
                                      parts, &d->project);
}

static gboolean pack(gpointer head, CnxHeadPacker *packer)
{
    Deeplab *d = head;
    CnxHeadLayer classifier = {
        .module = "segmentation_head.0", .n = d->classes, .k = d->hidden, .side = 1};

    return pack_pyramid(d, packer) &&
           pack_separable(d, packer, "decoder.aspp.1", "decoder.aspp.2", d->hidden, 1,
                          &d->smooth) &&
           pack_conv1(packer, "decoder.block1", endings, d->low_width, d->width[0], &d->low) &&
           pack_separable(d, packer, "decoder.block2.0", "decoder.block2.1",
                          d->hidden + d->low_width, 1, &d->fusion) &&
           cnx_head_pack_conv(packer, &classifier, CNX_ACT_NONE, &d->classifier);
}

static CnxOutput outputs(gconstpointer head)
{
    const Deeplab *d = head;

    return CNX_OUTPUT_STAGE1 | CNX_OUTPUT_STAGE1 << (d->stages - 1);
}

static CnxHeadMap run_conv3(CnxSteps *steps, const Conv3 *layer, gboolean is_separable,
                            const CnxHeadMap *in)
{
    CnxHeadMap mixed, out;

    if (!is_separable)
        return cnx_step_conv(steps, &layer->conv, in);
    mixed = cnx_step_depthwise(steps, &layer->depthwise, in);
    out = cnx_step_conv(steps, &layer->conv, &mixed);
    cnx_head_maps_release(&steps->maps, &mixed);
    return out;
}

static CnxHeadMap run_pyramid(const Deeplab *d, CnxSteps *steps, const CnxHeadMap *in)
{
    CnxHeadMap branches[BRANCHES], mean, out;

    branches[0] = cnx_step_conv(steps, &d->point, in);
    cnx_step_show(steps, "branch0", 0, &branches[0]);
    for (guint i = 0; i < RATES; i++) {
        branches[i + 1] = run_conv3(steps, &d->dilated[i], d->is_separable, in);
        cnx_step_show(steps, "branch", i + 1, &branches[i + 1]);
    }
    mean = cnx_step_pool(steps, in, 1);
    branches[RATES + 1] = cnx_step_conv(steps, &d->mean, &mean);
    cnx_head_maps_release(&steps->maps, &mean);
    out = cnx_step_parts(steps, &d->project, branches, in->height, in->width);
    cnx_step_show(steps, "project", 0, &out);
    for (guint i = 0; i < BRANCHES; i++)
        cnx_head_maps_release(&steps->maps, &branches[i]);
    return out;
}

static CnxHeadMap forward(gconstpointer head, CnxSteps *steps, const CnxHeadMap *stages)
{
    const Deeplab *d = head;
    const CnxScaling scaling[] = {CNX_SCALING_BILINEAR_CORNERS, CNX_SCALING_NONE};
    CnxHeadMap parts[2], projected, joined, fused, logits;

    projected = run_pyramid(d, steps, &stages[d->stages - 1]);
    parts[0] = run_conv3(steps, &d->smooth, TRUE, &projected);
    cnx_head_maps_release(&steps->maps, &projected);
    cnx_step_show(steps, "aspp", 0, &parts[0]);
    parts[1] = cnx_step_conv(steps, &d->low, &stages[0]);
    cnx_step_show(steps, "low", 0, &parts[1]);
    joined = cnx_step_concat(steps, parts, scaling, 2, stages[0].height, stages[0].width);
    cnx_head_maps_release(&steps->maps, &parts[0]);
    cnx_head_maps_release(&steps->maps, &parts[1]);
    fused = run_conv3(steps, &d->fusion, TRUE, &joined);
    cnx_head_maps_release(&steps->maps, &joined);
    cnx_step_show(steps, "fused", 0, &fused);
    logits = cnx_step_conv(steps, &d->classifier, &fused);
    cnx_head_maps_release(&steps->maps, &fused);
    return logits;
}

/* decoder_aspp_dropout is for training. */
static const char *const keys[] = {"decoder_channels",
                                   "decoder_atrous_rates",
                                   "decoder_aspp_separable",
                                   "encoder_output_stride",
                                   "decoder_aspp_dropout",
                                   "upsampling",
                                   NULL};

const CnxFamily cnx_smp_deeplab = {
    .name = "DeepLabV3+",
    .library = "smp",
    .model = "DeepLabV3Plus",
    .keys = keys,
    .witness = "decoder.aspp.0.convs.0.0.weight",
    .size = sizeof(Deeplab),
    .whole = TRUE,
    .describe = describe,
    .pack = pack,
    .forward = forward,
    .outputs = outputs,
};
