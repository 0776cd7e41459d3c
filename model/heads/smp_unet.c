/* Unet (Ronneberger et al. 2015) of smp on a ConvNeXt.
 *
 *   block   x = conv3(conv3(concat(up(x), skip)))
 *
 * starts with the last stage; the skips are the stages before it, then two blocks follow without a
 * skip, at half the input's size and at its full size. Then a 3x3 convolution to the classes. Each
 * convolution but the last is followed by a batch norm, which may be missing, and a ReLU. With scSE
 * there is a gate behind the concatenation, but not in the last block, and one behind the second
 * convolution.
 *
 * The concatenations are made only for the gates, which read all channels of a pixel.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/heads/family.h"
#include "model/heads/scse.h"

#define BLOCKS_MAX (CNX_STAGES + 1)

static const CnxHeadEndings endings = {".0", ".1"};

typedef struct Block {
    guint skip;         /* channels of the skip; 0: none */
    gboolean is_gated;  /* behind the concatenation */
    CnxHeadParts parts; /* the first convolution, of the concatenation's parts */
    CnxConv conv1;      /* the same of a concatenation that was made for a gate */
    CnxConv conv2;
    CnxScse gate1, gate2;
} Block;

typedef struct Unet {
    guint stages, blocks, classes;
    gboolean has_gates;
    CnxScaling scaling;
    guint width[CNX_STAGES]; /* channels of the stages */
    Block block[BLOCKS_MAX];
    CnxConv classifier;
} Unet;

static gboolean read_attention(Unet *u, const CnxHeadSource *source)
{
    static const CnxJsonWord words[] = {{"scse", TRUE}};
    int has_gates = FALSE;

    u->has_gates =
        cnx_head_has(source->tensors, "decoder.blocks.0.attention1.attention.sSE.0.weight");
    if (!source->json)
        return TRUE;
    if (!cnx_json_word(source->json, "decoder_attention_type", words, G_N_ELEMENTS(words),
                       &has_gates))
        return FALSE;
    return has_gates == u->has_gates ||
           cnx_json_fail(source->json, CNX_ERROR_MISMATCH, "decoder_attention_type",
                         "contradicts the weights, which have %s gates (scSE)",
                         u->has_gates ? "the" : "no");
}

static gboolean check_channels(const Unet *u, const CnxHeadSource *source)
{
    guint channels[BLOCKS_MAX] = {0};

    if (!source->json || !cnx_json_has(source->json, "decoder_channels"))
        return TRUE;
    if (!cnx_json_uints(source->json, "decoder_channels", u->blocks, channels))
        return FALSE;
    for (guint i = 0; i < u->blocks; i++) {
        g_autofree char *name = g_strdup_printf("decoder.blocks.%u.conv1.0.weight", i);
        guint64 shape[] = {0, 0, 3, 3};

        if (!cnx_head_need(source->tensors, name, 4, shape, source->error))
            return FALSE;
        if (channels[i] != shape[0])
            return cnx_json_fail(source->json, CNX_ERROR_MISMATCH, "decoder_channels",
                                 "is %u for block %u, but the weights have %u", channels[i], i,
                                 (guint)shape[0]);
    }
    return TRUE;
}

static gboolean describe(gpointer head, const CnxHeadSource *source, CnxHeadInfo *info)
{
    Unet *u = head;
    CnxHeadLayer classifier = {.module = "segmentation_head.0", .side = 3};

    u->stages = source->backbone->stages;
    u->blocks = u->stages + 1;
    for (guint i = 0; i < u->stages; i++)
        u->width[i] = source->backbone->dims[i];
    if (cnx_head_has(source->tensors, "decoder.blocks.%u.conv1.0.weight", u->blocks) ||
        !cnx_head_has(source->tensors, "decoder.blocks.%u.conv1.0.weight", u->blocks - 1))
        return cnx_family_fail(source,
                               "has a Unet whose decoder does not have the %u blocks of an encoder "
                               "with %u stages",
                               u->blocks, u->stages);
    if (!cnx_head_layer_check(source->tensors, &classifier, source->error))
        return FALSE;
    info->classes = u->classes = classifier.n;
    info->stride = 1;
    return cnx_family_check_smp(source, 0, "decoder.blocks.0.conv1.1.weight", info) &&
           cnx_family_read_scaling(source, info, &u->scaling) && read_attention(u, source) &&
           check_channels(u, source);
}

/* conv1 and what precedes it. x: channels from the block before; receives those of the output. */
static gboolean pack_first(const Unet *u, Block *block, CnxHeadPacker *packer, const char *module,
                           guint *x)
{
    g_autofree char *conv1 = g_strconcat(module, ".conv1", NULL);
    g_autofree char *gate = g_strconcat(module, ".attention1.attention", NULL);
    const guint k[] = {*x, block->skip};

    if (block->is_gated) {
        const CnxHeadLayer layer = {.k = k[0] + k[1], .side = 3};
        const gboolean is_fine =
            cnx_scse_pack(&block->gate1, packer, gate, layer.k) &&
            cnx_head_pack_conv_module(packer, conv1, endings, layer, CNX_ACT_RELU, &block->conv1);

        *x = block->conv1.n;
        return is_fine;
    }
    if (u->has_gates) /* smp has a gate in the last block too, but does not run it */
        cnx_head_ignore(packer->tensors, gate);
    block->parts.count = block->skip > 0 ? 2 : 1;
    block->parts.scaling[0] = u->scaling;
    block->parts.scaling[1] = CNX_SCALING_NONE;
    if (!cnx_head_pack_parts_module(packer, conv1, endings, (CnxHeadLayer){.side = 3}, CNX_ACT_RELU,
                                    k, &block->parts))
        return FALSE;
    *x = block->parts.n;
    return TRUE;
}

static gboolean pack_block(Unet *u, guint i, CnxHeadPacker *packer, guint *x)
{
    Block *block = &u->block[i];
    g_autofree char *module = g_strdup_printf("decoder.blocks.%u", i);
    g_autofree char *conv2 = g_strconcat(module, ".conv2", NULL);
    g_autofree char *gate = g_strconcat(module, ".attention2.attention", NULL);

    block->skip = i + 1 < u->stages ? u->width[u->stages - 2 - i] : 0;
    block->is_gated = u->has_gates && i + 1 < u->blocks;
    return pack_first(u, block, packer, module, x) &&
           cnx_head_pack_conv_module(packer, conv2, endings,
                                     (CnxHeadLayer){.n = *x, .k = *x, .side = 3}, CNX_ACT_RELU,
                                     &block->conv2) &&
           (!u->has_gates || cnx_scse_pack(&block->gate2, packer, gate, *x));
}

static gboolean pack(gpointer head, CnxHeadPacker *packer)
{
    Unet *u = head;
    guint x = u->width[u->stages - 1];

    for (guint i = 0; i < u->blocks; i++)
        if (!pack_block(u, i, packer, &x))
            return FALSE;
    CnxHeadLayer classifier = {.module = "segmentation_head.0", .n = u->classes, .k = x, .side = 3};
    return cnx_head_pack_conv(packer, &classifier, CNX_ACT_NONE, &u->classifier);
}

static CnxOutput outputs(gconstpointer head)
{
    const Unet *u = head;

    return (CNX_OUTPUT_STAGE1 << u->stages) - CNX_OUTPUT_STAGE1;
}

/* conv1(concat(up(x), skip)) */
static CnxHeadMap run_first(const Unet *u, const Block *block, CnxSteps *steps,
                            const CnxHeadMap *parts, guint height, guint width)
{
    const CnxScaling scaling[] = {u->scaling, CNX_SCALING_NONE};

    if (!block->is_gated)
        return cnx_step_parts(steps, &block->parts, parts, height, width);
    CnxHeadMap all = cnx_step_concat(steps, parts, scaling, block->skip > 0 ? 2 : 1, height, width);
    cnx_scse_run(&block->gate1, steps, &all);
    const CnxHeadMap out = cnx_step_conv(steps, &block->conv1, &all);
    cnx_head_maps_release(&steps->maps, &all);
    return out;
}

static CnxHeadMap run_block(const Unet *u, guint i, CnxSteps *steps, const CnxHeadMap *stages,
                            CnxHeadMap *x)
{
    const Block *block = &u->block[i];
    const gboolean is_last = i + 1 == u->blocks;
    CnxHeadMap parts[2] = {*x};
    guint height = is_last ? steps->height : steps->height / 2;
    guint width = is_last ? steps->width : steps->width / 2;

    if (block->skip > 0) {
        parts[1] = stages[u->stages - 2 - i];
        height = parts[1].height;
        width = parts[1].width;
    }
    CnxHeadMap first = run_first(u, block, steps, parts, height, width);
    cnx_head_maps_release(&steps->maps, x);
    CnxHeadMap second = cnx_step_conv(steps, &block->conv2, &first);
    cnx_head_maps_release(&steps->maps, &first);
    if (u->has_gates)
        cnx_scse_run(&block->gate2, steps, &second);
    cnx_step_show(steps, i > 0 ? "block" : "block0", i, &second);
    return second;
}

static CnxHeadMap forward(gconstpointer head, CnxSteps *steps, const CnxHeadMap *stages)
{
    const Unet *u = head;
    CnxHeadMap x = stages[u->stages - 1];

    for (guint i = 0; i < u->blocks; i++)
        x = run_block(u, i, steps, stages, &x);
    const CnxHeadMap logits = cnx_step_conv(steps, &u->classifier, &x);
    cnx_head_maps_release(&steps->maps, &x);
    return logits;
}

static const char *const keys[] = {"decoder_use_norm",
                                   "decoder_use_batchnorm",
                                   "decoder_channels",
                                   "decoder_attention_type",
                                   "decoder_interpolation",
                                   "output_stride",
                                   NULL};

const CnxFamily cnx_smp_unet = {
    .name = "Unet",
    .library = "smp",
    .model = "Unet",
    .keys = keys,
    .witness = "decoder.blocks.0.conv1.0.weight",
    .size = sizeof(Unet),
    .describe = describe,
    .pack = pack,
    .forward = forward,
    .outputs = outputs,
};
