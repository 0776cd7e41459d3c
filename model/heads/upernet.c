/* UPerNet (Xiao et al. 2018), as transformers, mmsegmentation (also facebookresearch's) and smp
 * build it.
 *
 *   pyramid pooling of the last stage   P = conv3(concat(C, up(conv1(pool(C, n))) for each n))
 *   laterals                            L[i] = conv1(C[i]) + up(L[i+1]), the last of them P
 *   outputs                             F[i] = conv3(L[i]), the last of them P
 *   fusion                              conv3(concat(F[0], up(F[1]), ..)), conv1 to the classes
 *
 * Each convolution but the last is followed by a batch norm and a ReLU; up() is bilinear to the
 * size of the larger map. The concatenations are never made (model/dense/parts.h).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/heads/family.h"

#include <string.h>

#define POOLS_MAX (CNX_PARTS_MAX - 1)
#define SMP_NORM_EPS 1e-6f

/* The modules' names in one library. %u: index. A layer's convolution and batch norm have the
 * names of its module and these endings. */
typedef struct Names {
    const char *pool, *bottleneck, *lateral, *output, *fusion, *classifier;
    CnxHeadEndings endings;
    const char *feature_norm;   /* of each stage map; NULL: the backbone has them */
    gboolean is_coarsest_first; /* order of the laterals and outputs */
} Names;

static const Names transformers_names = {
    .pool = "decode_head.psp_modules.%u.1",
    .bottleneck = "decode_head.bottleneck",
    .lateral = "decode_head.lateral_convs.%u",
    .output = "decode_head.fpn_convs.%u",
    .fusion = "decode_head.fpn_bottleneck",
    .classifier = "decode_head.classifier",
    .endings = {".conv", ".batch_norm"},
};

static const Names mmseg_names = {
    .pool = "decode_head.psp_modules.%u.1",
    .bottleneck = "decode_head.bottleneck",
    .lateral = "decode_head.lateral_convs.%u",
    .output = "decode_head.fpn_convs.%u",
    .fusion = "decode_head.fpn_bottleneck",
    .classifier = "decode_head.conv_seg",
    .endings = {".conv", ".bn"},
};

static const Names smp_names = {
    .pool = "decoder.psp.blocks.%u.1",
    .bottleneck = "decoder.psp.out_conv",
    .lateral = "decoder.fpn_lateral_blocks.%u.conv_norm_relu",
    .output = "decoder.fpn_conv_blocks.%u",
    .fusion = "decoder.fusion_block",
    .classifier = "segmentation_head.0",
    .endings = {".0", ".1"},
    .feature_norm = "decoder.feature_norms.%u",
    .is_coarsest_first = TRUE,
};

typedef struct Upernet {
    const Names *names;
    guint stages;            /* maps that the head reads, finest first */
    guint stage[CNX_STAGES]; /* their indices */
    guint width[CNX_STAGES]; /* their channels */
    guint hidden, classes;
    guint pools, scale[POOLS_MAX];
    CnxHeadNorm feature_norm[CNX_STAGES];
    CnxConv pool[POOLS_MAX];
    CnxHeadParts bottleneck;
    CnxConv lateral[CNX_STAGES - 1], output[CNX_STAGES - 1];
    CnxHeadParts fusion;
    CnxConv classifier;
} Upernet;

/* The name of a module, with its index if it has one. */
static char *module_name(const char *pattern, guint i)
{
    const char *index = strstr(pattern, "%u");

    if (!index)
        return g_strdup(pattern);
    return g_strdup_printf("%.*s%u%s", (int)(index - pattern), pattern, i, index + 2);
}

static guint count_modules(const CnxHeadSource *source, const Names *names, const char *pattern)
{
    for (guint i = 0;; i++) {
        g_autofree char *module = module_name(pattern, i);

        if (!cnx_head_has(source->tensors, "%s%s.weight", module, names->endings.conv))
            return i;
    }
}

/* The stages that the head reads: those with a norm for it, or all. */
static void find_stages(Upernet *u, const CnxConfig *backbone)
{
    gboolean has_norms = FALSE;

    for (guint i = 0; i < backbone->stages; i++)
        has_norms |= backbone->output_norm[i];
    for (guint i = 0; i < backbone->stages; i++)
        if (!has_norms || backbone->output_norm[i]) {
            u->stage[u->stages] = i;
            u->width[u->stages++] = backbone->dims[i];
        }
}

static gboolean check_counts(const Upernet *u, const CnxHeadSource *source)
{
    const guint laterals = count_modules(source, u->names, u->names->lateral);
    const guint outputs = count_modules(source, u->names, u->names->output);

    if (laterals + 1 != u->stages || outputs != laterals || laterals == 0)
        return cnx_family_fail(
            source,
            "has a UPerNet with %u lateral and %u output convolutions, but its backbone "
            "hands on %u stages, expected one of each less than stages",
            laterals, outputs, u->stages);
    if (u->pools == 0 || u->pools > POOLS_MAX)
        return cnx_family_fail(source, "has a UPerNet with %u pooling modules, expected 1 to %u",
                               u->pools, POOLS_MAX);
    return TRUE;
}

/* Only a config says to how many bins each pooling module pools. */
static gboolean read_scales(Upernet *u, const CnxHeadSource *source, CnxHeadInfo *info)
{
    static const guint usual[] = {1, 2, 3, 6};

    if (source->json && cnx_json_has(source->json, "pool_scales")) {
        if (!cnx_json_uints(source->json, "pool_scales", u->pools, u->scale))
            return FALSE;
        for (guint i = 0; i < u->pools; i++)
            if (u->scale[i] == 0 || u->scale[i] > CNX_HEAD_POOL_MAX)
                return cnx_json_fail(source->json, CNX_ERROR_UNSUPPORTED, "pool_scales",
                                     "has the scale %u, expected 1 to %u", u->scale[i],
                                     CNX_HEAD_POOL_MAX);
        return TRUE;
    }
    if (u->pools != G_N_ELEMENTS(usual))
        return cnx_family_fail(
            source,
            "has a UPerNet with %u pooling modules, but no config.json beside it says "
            "their scales (key \"pool_scales\")",
            u->pools);
    memcpy(u->scale, usual, sizeof usual);
    cnx_head_info_assume(info, "pool_scales=1,2,3,6");
    return TRUE;
}

static gboolean describe(Upernet *u, const Names *names, const CnxHeadSource *source,
                         CnxHeadInfo *info)
{
    CnxHeadLayer classifier = {.module = names->classifier, .side = 1};

    u->names = names;
    u->pools = count_modules(source, names, names->pool);
    find_stages(u, source->backbone);
    if (!check_counts(u, source) ||
        !cnx_head_layer_check(source->tensors, &classifier, source->error))
        return FALSE;
    u->hidden = classifier.k;
    info->classes = u->classes = classifier.n;
    info->stride = cnx_family_stride(source->backbone, u->stage[0]);
    return TRUE;
}

static gboolean describe_transformers(gpointer head, const CnxHeadSource *source, CnxHeadInfo *info)
{
    Upernet *u = head;

    info->scaling = CNX_SCALING_BILINEAR;
    info->twice = TRUE;
    return describe(u, &transformers_names, source, info) && read_scales(u, source, info) &&
           cnx_family_check_number(source, "hidden_size", u->hidden);
}

/* The arguments of mmsegmentation's UPerHead. */
static gboolean check_mmseg(const Upernet *u, const CnxHeadSource *source)
{
    static const char *const hidden[] = {"hidden_size", "channels"};
    static const char *const classes[] = {"num_classes", "out_channels"};

    for (guint i = 0; i < 2; i++)
        if (!cnx_family_check_number(source, hidden[i], u->hidden) ||
            !cnx_family_check_number(source, classes[i], u->classes))
            return FALSE;
    if (source->json && cnx_json_truth(source->json, "align_corners", FALSE))
        return cnx_json_fail(source->json, CNX_ERROR_UNSUPPORTED, "align_corners",
                             "is true, but this version knows only false");
    return cnx_family_check_list(source, "in_channels", u->width, u->stages) &&
           cnx_family_check_list(source, "in_index", u->stage, u->stages);
}

static gboolean describe_mmseg(gpointer head, const CnxHeadSource *source, CnxHeadInfo *info)
{
    info->scaling = CNX_SCALING_BILINEAR;
    info->twice = TRUE;
    return describe(head, &mmseg_names, source, info) && read_scales(head, source, info) &&
           check_mmseg(head, source);
}

static gboolean describe_smp(gpointer head, const CnxHeadSource *source, CnxHeadInfo *info)
{
    Upernet *u = head;
    static const guint scales[] = {1, 2, 3, 6}; /* fixed in smp */

    info->scaling = CNX_SCALING_BILINEAR_CORNERS;
    if (!describe(u, &smp_names, source, info) ||
        !cnx_family_check_smp(source, 4, "decoder.fusion_block.1.weight", info))
        return FALSE;
    if (u->pools != G_N_ELEMENTS(scales))
        return cnx_family_fail(source, "has a UPerNet with %u pooling modules, expected 4",
                               u->pools);
    memcpy(u->scale, scales, sizeof scales);
    return cnx_family_check_number(source, "decoder_channels", u->hidden);
}

static gboolean pack_conv(const Upernet *u, CnxHeadPacker *packer, const char *pattern, guint i,
                          CnxHeadLayer layer, CnxConv *conv)
{
    g_autofree char *module = module_name(pattern, i);

    return cnx_head_pack_conv_module(packer, module, u->names->endings, layer, CNX_ACT_RELU, conv);
}

/* A convolution of a concatenation, with hidden outputs. */
static gboolean pack_parts(const Upernet *u, CnxHeadPacker *packer, const char *module,
                           const guint *k, CnxHeadParts *parts)
{
    const CnxHeadLayer layer = {.n = u->hidden, .side = 3};

    return cnx_head_pack_parts_module(packer, module, u->names->endings, layer, CNX_ACT_RELU, k,
                                      parts);
}

static gboolean pack_pooling(Upernet *u, CnxHeadPacker *packer)
{
    const guint last = u->width[u->stages - 1];
    guint k[CNX_PARTS_MAX] = {last};

    u->bottleneck.count = 1 + u->pools;
    for (guint i = 0; i < u->pools; i++) {
        k[1 + i] = u->hidden;
        u->bottleneck.scaling[1 + i] = CNX_SCALING_BILINEAR;
        if (!pack_conv(u, packer, u->names->pool, i,
                       (CnxHeadLayer){.n = u->hidden, .k = last, .side = 1}, &u->pool[i]))
            return FALSE;
    }
    return pack_parts(u, packer, u->names->bottleneck, k, &u->bottleneck);
}

static gboolean pack_level(Upernet *u, CnxHeadPacker *packer, guint i)
{
    const guint index = u->names->is_coarsest_first ? u->stages - 2 - i : i;

    return pack_conv(u, packer, u->names->lateral, index,
                     (CnxHeadLayer){.n = u->hidden, .k = u->width[i], .side = 1}, &u->lateral[i]) &&
           pack_conv(u, packer, u->names->output, index,
                     (CnxHeadLayer){.n = u->hidden, .k = u->hidden, .side = 3}, &u->output[i]);
}

static gboolean pack_feature_norms(Upernet *u, CnxHeadPacker *packer)
{
    for (guint i = 0; u->names->feature_norm && i < u->stages; i++) {
        g_autofree char *module = module_name(u->names->feature_norm, i);

        if (!cnx_head_pack_norm(packer, module, u->width[i], SMP_NORM_EPS, &u->feature_norm[i]))
            return FALSE;
    }
    return TRUE;
}

static gboolean pack(gpointer head, CnxHeadPacker *packer)
{
    Upernet *u = head;
    guint k[CNX_PARTS_MAX];
    CnxHeadLayer classifier = {
        .module = u->names->classifier, .n = u->classes, .k = u->hidden, .side = 1};

    if (!pack_feature_norms(u, packer) || !pack_pooling(u, packer))
        return FALSE;
    u->fusion.count = u->stages;
    for (guint i = 0; i < u->stages; i++) {
        k[i] = u->hidden;
        u->fusion.scaling[i] = i == 0 ? CNX_SCALING_NONE : CNX_SCALING_BILINEAR;
        if (i + 1 < u->stages && !pack_level(u, packer, i))
            return FALSE;
    }
    return pack_parts(u, packer, u->names->fusion, k, &u->fusion) &&
           cnx_head_pack_conv(packer, &classifier, CNX_ACT_NONE, &u->classifier);
}

static CnxOutput outputs(gconstpointer head)
{
    const Upernet *u = head;
    CnxOutput flags = 0;

    for (guint i = 0; i < u->stages; i++)
        flags |= CNX_OUTPUT_STAGE1 << u->stage[i];
    return flags;
}

/* [h, w, hidden] of the last stage */
static CnxHeadMap pool_pyramid(const Upernet *u, CnxSteps *steps, const CnxHeadMap *last)
{
    CnxHeadMap parts[CNX_PARTS_MAX] = {*last};

    for (guint i = 0; i < u->pools; i++) {
        CnxHeadMap pooled = cnx_step_pool(steps, last, u->scale[i]);

        parts[1 + i] = cnx_step_conv(steps, &u->pool[i], &pooled);
        cnx_head_maps_release(&steps->maps, &pooled);
        cnx_step_show(steps, "pool", u->scale[i], &parts[1 + i]);
    }
    const CnxHeadMap pyramid =
        cnx_step_parts(steps, &u->bottleneck, parts, last->height, last->width);
    cnx_step_show(steps, "pyramid", 0, &pyramid);
    for (guint i = 0; i < u->pools; i++)
        cnx_head_maps_release(&steps->maps, &parts[1 + i]);
    return pyramid;
}

static CnxHeadMap normalised(const Upernet *u, CnxSteps *steps, const CnxHeadMap *stages, guint i)
{
    const CnxHeadMap *stage = &stages[u->stage[i]];

    return u->names->feature_norm ? cnx_step_norm(steps, &u->feature_norm[i], stage) : *stage;
}

static CnxHeadMap forward(gconstpointer head, CnxSteps *steps, const CnxHeadMap *stages)
{
    const Upernet *u = head;
    const guint last = u->stages - 1;
    CnxHeadMap outputs[CNX_STAGES], stage = normalised(u, steps, stages, last);
    CnxHeadMap above = outputs[last] = pool_pyramid(u, steps, &stage);

    cnx_head_maps_release(&steps->maps, &stage);
    for (guint i = last; i-- > 0;) {
        stage = normalised(u, steps, stages, i);
        CnxHeadMap lateral = cnx_step_conv(steps, &u->lateral[i], &stage);

        cnx_head_maps_release(&steps->maps, &stage);
        cnx_step_add(steps, &above, CNX_SCALING_BILINEAR, &lateral);
        cnx_step_show(steps, "lateral", i + 1, &lateral);
        if (i + 1 < last) {
            outputs[i + 1] = cnx_step_conv(steps, &u->output[i + 1], &above);
            cnx_head_maps_release(&steps->maps, &above);
        }
        above = lateral;
    }
    outputs[0] = cnx_step_conv(steps, &u->output[0], &above);
    cnx_head_maps_release(&steps->maps, &above);

    CnxHeadMap fused =
        cnx_step_parts(steps, &u->fusion, outputs, outputs[0].height, outputs[0].width);
    cnx_step_show(steps, "fused", 0, &fused);
    for (guint i = 0; i <= last; i++) {
        cnx_step_show(steps, "fpn", i + 1, &outputs[i]);
        cnx_head_maps_release(&steps->maps, &outputs[i]);
    }
    const CnxHeadMap logits = cnx_step_conv(steps, &u->classifier, &fused);
    cnx_head_maps_release(&steps->maps, &fused);
    return logits;
}

static const char *const smp_keys[] = {"decoder_channels",      "decoder_use_norm",
                                       "decoder_use_batchnorm", "upsampling",
                                       "output_stride",         NULL};

/* Of a config.json that somebody writes: the arguments of the decode_head. The last ones are for
 * training, or show in the weights. */
static const char *const mmseg_keys[] = {
    "pool_scales", "hidden_size", "channels",      "num_classes", "out_channels",  "num_labels",
    "in_channels", "in_index",    "align_corners", "type",        "dropout_ratio", "norm_cfg",
    "act_cfg",     "conv_cfg",    "loss_decode",   "init_cfg",    "ignore_index",  NULL};

const CnxFamily cnx_upernet_transformers = {
    .name = "UPerNet",
    .library = "transformers",
    .model = "upernet",
    .witness = "decode_head.fpn_bottleneck.batch_norm.weight",
    .size = sizeof(Upernet),
    .describe = describe_transformers,
    .pack = pack,
    .forward = forward,
    .outputs = outputs,
};

const CnxFamily cnx_upernet_mmseg = {
    .name = "UPerNet",
    .library = "mmsegmentation",
    .is_mm = TRUE,
    .keys = mmseg_keys,
    .witness = "decode_head.fpn_bottleneck.bn.weight",
    .size = sizeof(Upernet),
    .describe = describe_mmseg,
    .pack = pack,
    .forward = forward,
    .outputs = outputs,
};

const CnxFamily cnx_upernet_smp = {
    .name = "UPerNet",
    .library = "smp",
    .model = "UPerNet",
    .keys = smp_keys,
    .witness = "decoder.fusion_block.0.weight",
    .size = sizeof(Upernet),
    .whole = TRUE,
    .describe = describe_smp,
    .pack = pack,
    .forward = forward,
    .outputs = outputs,
};
