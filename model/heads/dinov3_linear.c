/* The linear head of facebookresearch/dinov3's evaluation.
 *
 *   x = conv1(batch norm(concat(up(C[i]) for each stage, the first one first)))
 *
 * or of the last stage alone, which is what that code builds for a ConvNeXt. up is bilinear to the
 * first stage's size. The last stage passes the backbone's last norm first, as its
 * get_intermediate_layers() hands it on. The batch norm is folded into the convolution, and the
 * product of each part is made at the part's own resolution.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/heads/family.h"

#define CONV "segmentation_model.1.conv"
#define BATCH_NORM "segmentation_model.1.batchnorm_layer"
#define LAST_NORM "segmentation_model.0.feature_model.norms.3"
#define LAST_NORM_EPS 1e-6f

typedef struct Linear {
    guint first, count; /* stages that the head reads */
    guint classes;
    guint width[CNX_STAGES]; /* [count] */
    CnxHeadNorm norm;        /* of the last stage */
    CnxHeadParts classifier;
} Linear;

static gboolean describe(gpointer head, const CnxHeadSource *source, CnxHeadInfo *info)
{
    Linear *l = head;
    const guint stages = source->backbone->stages;
    const guint last = source->backbone->dims[stages - 1];
    CnxHeadLayer classifier = {.module = CONV, .side = 1};
    guint all = 0;

    for (guint i = 0; i < stages; i++)
        all += source->backbone->dims[i];
    if (!cnx_head_layer_check(source->tensors, &classifier, source->error))
        return FALSE;
    if (classifier.k != last && classifier.k != all)
        return cnx_family_fail(source,
                               "tensor \"%s" CONV ".weight\" has %u inputs, expected %u, those of "
                               "the last stage, or %u, those of all stages",
                               source->tensors->prefix, classifier.k, last, all);
    l->first = classifier.k == last ? stages - 1 : 0;
    l->count = stages - l->first;
    for (guint i = 0; i < l->count; i++)
        l->width[i] = source->backbone->dims[l->first + i];
    info->classes = l->classes = classifier.n;
    info->stride = cnx_family_stride(source->backbone, l->first);
    info->scaling = CNX_SCALING_BILINEAR;
    return TRUE;
}

static gboolean pack(gpointer head, CnxHeadPacker *packer)
{
    Linear *l = head;
    CnxHeadLayer classifier = {.module = CONV, .n = l->classes, .side = 1, .before = BATCH_NORM};

    if (!cnx_head_has(packer->tensors, BATCH_NORM ".weight"))
        classifier.before = NULL;
    l->classifier.count = l->count;
    for (guint i = 0; i < l->count; i++)
        l->classifier.scaling[i] = i == 0 ? CNX_SCALING_NONE : CNX_SCALING_BILINEAR;
    return cnx_head_pack_norm(packer, LAST_NORM, l->width[l->count - 1], LAST_NORM_EPS, &l->norm) &&
           cnx_head_pack_parts(packer, &classifier, CNX_ACT_NONE, l->width, &l->classifier);
}

static CnxOutput outputs(gconstpointer head)
{
    const Linear *l = head;

    return (CNX_OUTPUT_STAGE1 << (l->first + l->count)) - (CNX_OUTPUT_STAGE1 << l->first);
}

static CnxHeadMap forward(gconstpointer head, CnxSteps *steps, const CnxHeadMap *stages)
{
    const Linear *l = head;
    CnxHeadMap parts[CNX_STAGES];
    CnxHeadMap *last = &parts[l->count - 1];

    for (guint i = 0; i < l->count; i++)
        parts[i] = stages[l->first + i];
    *last = cnx_step_norm(steps, &l->norm, last);
    cnx_step_show(steps, "normed", 0, last);
    const CnxHeadMap logits =
        cnx_step_parts(steps, &l->classifier, parts, parts[0].height, parts[0].width);
    cnx_head_maps_release(&steps->maps, last);
    return logits;
}

static const char *const keys[] = {"num_labels", NULL};

const CnxFamily cnx_dinov3_linear = {
    .name = "linear head",
    .library = "facebookresearch/dinov3",
    .keys = keys,
    .witness = CONV ".weight",
    .size = sizeof(Linear),
    .describe = describe,
    .pack = pack,
    .forward = forward,
    .outputs = outputs,
};
