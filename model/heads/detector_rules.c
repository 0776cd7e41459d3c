/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/heads/detector_rules.h"

#include <float.h>

const CnxDetectorRules cnx_detector_torchvision = {
    .library = "torchvision",
    .witness = "rpn.head.cls_logits.weight",
    .names =
        {
            .conv = ".0",
            .norm = ".1",
            /* plain: before torchvision 0.13 */
            .inner = {"backbone.fpn.inner_blocks.#", "backbone.fpn.inner_blocks.#", 0},
            .layer = {"backbone.fpn.layer_blocks.#", "backbone.fpn.layer_blocks.#", 0},
            .rpn = {"rpn.head.conv.#", "rpn.head.conv", 0},
            .rpn_logits = "rpn.head.cls_logits",
            .rpn_deltas = "rpn.head.bbox_pred",
            .box_conv = {.wrapped = "roi_heads.box_head.#"},
            .box_fc = {.plain = "roi_heads.box_head.fc#", .first = 6},
            .fcs = 2,
            .box_list = {.plain = "roi_heads.box_head.#", .step = 2}, /* between ReLUs */
            .box_logits = "roi_heads.box_predictor.cls_score",
            .box_deltas = "roi_heads.box_predictor.bbox_pred",
            .mask_conv = {"roi_heads.mask_head.#", "roi_heads.mask_head.mask_fcn#", 1},
            .mask_up = "roi_heads.mask_predictor.conv5_mask",
            .mask_logits = "roi_heads.mask_predictor.mask_fcn_logits",
            .parts = {"roi_heads.", "rpn.", "backbone.fpn."},
        },
    .background_first = TRUE,
    .rounds_anchors = TRUE,
    .measures_strides = TRUE,
    .sampling = 2,
    .least_proposal = 1e-3f,
    .least_object = 1e-2f,
    .resampling = CNX_RESAMPLING_TORCH,
    .pasting = CNX_PASTING_TORCHVISION,
};

/* mmdetection keeps proposals with sides above 0, and objects even with sides of 0, which are
 * dropped here. */
const CnxDetectorRules cnx_detector_mmdetection = {
    .library = "mmdetection",
    .witness = "rpn_head.rpn_cls.weight",
    .names =
        {
            .conv = ".conv",
            .norm = ".bn",
            .inner = {.wrapped = "neck.lateral_convs.#"},
            .layer = {.wrapped = "neck.fpn_convs.#"},
            .rpn = {"rpn_head.rpn_conv.#", "rpn_head.rpn_conv", 0},
            .rpn_logits = "rpn_head.rpn_cls",
            .rpn_deltas = "rpn_head.rpn_reg",
            .box_conv = {.wrapped = "roi_head.bbox_head.*shared_convs.#"},
            .box_fc = {.plain = "roi_head.bbox_head.*shared_fcs.#"},
            .box_logits = "roi_head.bbox_head.*fc_cls",
            .box_deltas = "roi_head.bbox_head.*fc_reg",
            .mask_conv = {.wrapped = "roi_head.mask_head.*convs.#"},
            .mask_up = "roi_head.mask_head.*upsample",
            .mask_logits = "roi_head.mask_head.*conv_logits",
            .parts = {"roi_head.", "rpn_head.", "neck."},
        },
    .clamps_both = TRUE,
    .aligned = TRUE,
    .eps_inside = TRUE,
    .least_proposal = FLT_MIN,
    .least_object = FLT_MIN,
    .resampling = CNX_RESAMPLING_OPENCV,
    .pasting = CNX_PASTING_MM,
};

char *cnx_module_name(const char *pattern, const char *stage, guint index)
{
    g_autoptr(GString) name = g_string_new(NULL);

    for (const char *c = pattern; *c; c++) {
        if (*c == '#')
            g_string_append_printf(name, "%u", index);
        else if (*c == '*')
            g_string_append(name, stage);
        else
            g_string_append_c(name, *c);
    }
    return g_string_free(g_steal_pointer(&name), FALSE);
}
