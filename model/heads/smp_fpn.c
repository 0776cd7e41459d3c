/* FPN (Kirillov et al. 2019, the semantic branch) of smp on a ConvNeXt.
 *
 *   pyramid   P[i] = conv1(C[i]) + up(P[i+1])
 *   branches  S[i] = (up(relu(group norm(conv3(.))))) as often as it takes to reach the first
 *             stage's size, for the first stage once and without up; up is bilinear with aligned
 *             corners
 *   merge     their sum, or their concatenation from the last stage to the first; conv1
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/heads/family.h"

#define GROUPS 32
#define STEPS_MAX (CNX_STAGES - 1) /* of a branch */

typedef struct Branch {
    guint steps;
    CnxConv conv[STEPS_MAX];
    CnxGroupNorm norm[STEPS_MAX];
} Branch;

/* Levels are those of the stages: 0 is the finest. */
typedef struct Fpn {
    guint pyramid, segmentation, classes; /* segmentation: channels of the branches */
    gboolean is_concatenated;
    CnxScaling scaling; /* down the pyramid */
    guint width[CNX_STAGES];
    CnxConv lateral[CNX_STAGES];
    Branch branch[CNX_STAGES];
    CnxConv classifier;         /* of the sum */
    CnxHeadParts classifier_of; /* of the concatenation */
} Fpn;

static gboolean read_policy(Fpn *f, const CnxHeadSource *source, guint branch, guint classifier)
{
    static const CnxJsonWord words[] = {{"add", FALSE}, {"cat", TRUE}};
    int is_concatenated;

    f->is_concatenated = is_concatenated = classifier == CNX_STAGES * branch;
    if (!f->is_concatenated && classifier != branch)
        return cnx_family_fail(source,
                               "has an FPN whose last layer reads %u channels, but its branches "
                               "have %u",
                               classifier, branch);
    if (!source->json)
        return TRUE;
    if (!cnx_json_word(source->json, "decoder_merge_policy", words, G_N_ELEMENTS(words),
                       &is_concatenated))
        return FALSE;
    return is_concatenated == f->is_concatenated ||
           cnx_json_fail(source->json, CNX_ERROR_MISMATCH, "decoder_merge_policy",
                         "contradicts the weights, whose last layer reads %u channels", classifier);
}

static gboolean describe(gpointer head, const CnxHeadSource *source, CnxHeadInfo *info)
{
    Fpn *f = head;
    CnxHeadLayer classifier = {.module = "segmentation_head.0", .side = 1};
    CnxHeadLayer top = {.module = "decoder.p5", .side = 1};
    CnxHeadLayer branch = {
        .module = "decoder.seg_blocks.0.block.0.block.0", .side = 3, .no_bias = TRUE};

    if (source->backbone->stages != CNX_STAGES)
        return cnx_family_fail(source, "has an FPN on an encoder with %u stages, expected %u",
                               source->backbone->stages, CNX_STAGES);
    for (guint i = 1; i < CNX_STAGES; i++)
        if (cnx_config_stride(source->backbone, i) != 2)
            return cnx_family_fail(source,
                                   "has an FPN on a dilated encoder: stage %u has the stride of "
                                   "the stage before it, expected twice that",
                                   i + 1);
    if (!cnx_head_layer_check(source->tensors, &classifier, source->error) ||
        !cnx_head_layer_check(source->tensors, &top, source->error) ||
        !cnx_head_layer_check(source->tensors, &branch, source->error))
        return FALSE;
    if (branch.n % GROUPS)
        return cnx_family_fail(source,
                               "has an FPN with %u channels in its branches, expected a multiple "
                               "of %u",
                               branch.n, GROUPS);
    for (guint i = 0; i < CNX_STAGES; i++)
        f->width[i] = source->backbone->dims[i];
    f->pyramid = top.n;
    f->segmentation = branch.n;
    info->classes = f->classes = classifier.n;
    info->stride = cnx_family_stride(source->backbone, 0);
    return cnx_family_check_smp(source, 4, NULL, info) &&
           cnx_family_read_scaling(source, info, &f->scaling) &&
           read_policy(f, source, branch.n, classifier.k) &&
           cnx_family_check_number(source, "decoder_pyramid_channels", f->pyramid) &&
           cnx_family_check_number(source, "decoder_segmentation_channels", branch.n);
}

static gboolean pack_lateral(Fpn *f, CnxHeadPacker *packer, guint level)
{
    g_autofree char *module = level + 1 == CNX_STAGES
                                  ? g_strdup("decoder.p5")
                                  : g_strdup_printf("decoder.p%u.skip_conv", level + 2);
    CnxHeadLayer layer = {.module = module, .n = f->pyramid, .k = f->width[level], .side = 1};

    return cnx_head_pack_conv(packer, &layer, CNX_ACT_NONE, &f->lateral[level]);
}

static gboolean pack_branch(Fpn *f, CnxHeadPacker *packer, guint level)
{
    Branch *branch = &f->branch[level];

    branch->steps = MAX(level, 1);
    for (guint i = 0; i < branch->steps; i++) {
        g_autofree char *module =
            g_strdup_printf("decoder.seg_blocks.%u.block.%u.block", CNX_STAGES - 1 - level, i);
        g_autofree char *conv = g_strconcat(module, ".0", NULL);
        g_autofree char *norm = g_strconcat(module, ".1", NULL);
        CnxHeadLayer layer = {.module = conv,
                              .n = f->segmentation,
                              .k = i == 0 ? f->pyramid : f->segmentation,
                              .side = 3,
                              .no_bias = TRUE};
        CnxGroupNorm *n = &branch->norm[i];

        if (!cnx_head_pack_conv(packer, &layer, CNX_ACT_NONE, &branch->conv[i]))
            return FALSE;
        *n = (CnxGroupNorm){
            .channels = layer.n, .groups = GROUPS, .eps = CNX_HEAD_BATCH_NORM_EPS, .relu = TRUE};
        if (!cnx_head_pack_vector(packer, norm, "weight", layer.n, &n->weight) ||
            !cnx_head_pack_vector(packer, norm, "bias", layer.n, &n->bias))
            return FALSE;
    }
    return TRUE;
}

static gboolean pack(gpointer head, CnxHeadPacker *packer)
{
    Fpn *f = head;
    CnxHeadLayer classifier = {.module = "segmentation_head.0", .n = f->classes, .side = 1};
    guint k[CNX_STAGES];

    for (guint i = 0; i < CNX_STAGES; i++) {
        if (!pack_lateral(f, packer, i) || !pack_branch(f, packer, i))
            return FALSE;
        k[i] = f->branch[i].conv[0].n;
    }
    if (!f->is_concatenated) {
        classifier.k = k[0];
        return cnx_head_pack_conv(packer, &classifier, CNX_ACT_NONE, &f->classifier);
    }
    f->classifier_of.count = CNX_STAGES;
    return cnx_head_pack_parts(packer, &classifier, CNX_ACT_NONE, k, &f->classifier_of);
}

static CnxOutput outputs(gconstpointer head)
{
    (void)head;
    return CNX_OUTPUT_STAGE1 | CNX_OUTPUT_STAGE2 | CNX_OUTPUT_STAGE3 | CNX_OUTPUT_STAGE4;
}

/* A level of the pyramid at the size of the finest. */
static CnxHeadMap run_branch(const Branch *branch, gboolean scales, CnxSteps *steps,
                             const CnxHeadMap *level)
{
    CnxHeadMap x = *level;

    for (guint i = 0; i < branch->steps; i++) {
        CnxHeadMap y = cnx_step_conv(steps, &branch->conv[i], &x);

        if (i > 0)
            cnx_head_maps_release(&steps->maps, &x);
        cnx_step_group_norm(steps, &branch->norm[i], &y);
        x = y;
        if (!scales)
            continue;
        x = cnx_step_scale(steps, &y, CNX_SCALING_BILINEAR_CORNERS, 2 * y.height, 2 * y.width);
        cnx_head_maps_release(&steps->maps, &y);
    }
    return x;
}

static void run_pyramid(const Fpn *f, CnxSteps *steps, const CnxHeadMap *stages,
                        CnxHeadMap *pyramid)
{
    for (guint i = CNX_STAGES; i-- > 0;) {
        pyramid[i] = cnx_step_conv(steps, &f->lateral[i], &stages[i]);
        if (i + 1 < CNX_STAGES)
            cnx_step_add(steps, &pyramid[i + 1], f->scaling, &pyramid[i]);
        cnx_step_show(steps, "p", i + 2, &pyramid[i]);
    }
}

static CnxHeadMap forward(gconstpointer head, CnxSteps *steps, const CnxHeadMap *stages)
{
    const Fpn *f = head;
    CnxHeadMap pyramid[CNX_STAGES], branches[CNX_STAGES], logits;

    run_pyramid(f, steps, stages, pyramid);
    for (guint i = 0; i < CNX_STAGES; i++) { /* in the order of the concatenation */
        CnxHeadMap *level = &pyramid[CNX_STAGES - 1 - i];

        branches[i] = run_branch(&f->branch[CNX_STAGES - 1 - i], i + 1 < CNX_STAGES, steps, level);
        cnx_head_maps_release(&steps->maps, level);
        cnx_step_show(steps, i > 0 ? "seg" : "seg0", i, &branches[i]);
        if (i > 0 && !f->is_concatenated) {
            cnx_step_add(steps, &branches[i], CNX_SCALING_NONE, &branches[0]);
            cnx_head_maps_release(&steps->maps, &branches[i]);
        }
    }
    if (f->is_concatenated) {
        logits = cnx_step_parts(steps, &f->classifier_of, branches, branches[0].height,
                                branches[0].width);
        for (guint i = 1; i < CNX_STAGES; i++)
            cnx_head_maps_release(&steps->maps, &branches[i]);
    } else {
        cnx_step_show(steps, "merged", 0, &branches[0]);
        logits = cnx_step_conv(steps, &f->classifier, &branches[0]);
    }
    cnx_head_maps_release(&steps->maps, &branches[0]);
    return logits;
}

/* decoder_dropout is for training. */
static const char *const keys[] = {"decoder_pyramid_channels",
                                   "decoder_segmentation_channels",
                                   "decoder_merge_policy",
                                   "decoder_interpolation",
                                   "decoder_dropout",
                                   "upsampling",
                                   "output_stride",
                                   NULL};

const CnxFamily cnx_smp_fpn = {
    .name = "FPN",
    .library = "smp",
    .model = "FPN",
    .keys = keys,
    .witness = "decoder.seg_blocks.0.block.0.block.0.weight",
    .size = sizeof(Fpn),
    .whole = TRUE,
    .describe = describe,
    .pack = pack,
    .forward = forward,
    .outputs = outputs,
};
