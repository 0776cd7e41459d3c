/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/heads/detector_weights.h"

#include <stdlib.h>
#include <string.h>

#include "model/heads/detector_layer.h"
#include "model/heads/detector_rules.h"

typedef struct Layers {
    CnxLayerVisit visit;
    CnxDetectorWeights *self;
    const CnxDetectorRules *rules;
    char stage[4]; /* of a cascade, in names: "0."; "" without one */
} Layers;

static void set_stage(Layers *l, guint stage)
{
    l->stage[0] = '\0';
    if (l->self->stages > 1)
        g_snprintf(l->stage, sizeof l->stage, "%u.", stage);
}

/* Names */

/* The convolution of a wrapped module; NULL if the pattern has none. */
static char *wrapped_name(const Layers *l, const CnxModulePattern *pattern, guint i,
                          const char *ending)
{
    g_autofree char *module =
        pattern->wrapped ? cnx_module_name(pattern->wrapped, l->stage, i) : NULL;

    return module ? g_strconcat(module, ending, NULL) : NULL;
}

static char *plain_name(const Layers *l, const CnxModulePattern *pattern, guint i)
{
    const guint index = pattern->first + i * MAX(pattern->step, 1);

    return pattern->plain ? cnx_module_name(pattern->plain, l->stage, index) : NULL;
}

static gboolean has_module(const Layers *l, const char *module)
{
    return module && cnx_head_has(l->visit.tensors, "%s.weight", module);
}

/* A layer that a pattern names, with the batch norm that may follow it. s: all but the names. */
static gboolean visit_module(Layers *l, const CnxModulePattern *pattern, guint i, CnxLayerSource s)
{
    const CnxDetectorNames *names = &l->rules->names;
    g_autofree char *wrapped = wrapped_name(l, pattern, i, names->conv);
    g_autofree char *norm = wrapped_name(l, pattern, i, names->norm);
    g_autofree char *plain = plain_name(l, pattern, i);

    if (l->visit.pass != CNX_LAYER_MEASURE) {
        s.module = !plain || has_module(l, wrapped) ? wrapped : plain;
        s.norm = wrapped && cnx_head_has_norm(l->visit.tensors, s.module, norm) ? norm : NULL;
    }
    return cnx_layer_visit(&l->visit, s);
}

/* How many layers a pattern names. */
static guint count_modules(const Layers *l, const CnxModulePattern *pattern)
{
    const gboolean is_list = pattern->plain && strchr(pattern->plain, '#');

    for (guint i = 0;; i++) {
        g_autofree char *wrapped = wrapped_name(l, pattern, i, l->rules->names.conv);
        g_autofree char *plain = is_list || i == 0 ? plain_name(l, pattern, i) : NULL;

        if (!has_module(l, wrapped) && !has_module(l, plain))
            return i;
    }
}

/* Of the linear layers in a box head with so many convolutions. */
static CnxModulePattern box_fc_pattern(const Layers *l, guint conv_depth)
{
    const CnxDetectorNames *names = &l->rules->names;
    CnxModulePattern pattern = names->box_fc;

    if (conv_depth > 0 && names->box_list.plain) {
        pattern = names->box_list;
        pattern.first = conv_depth + 1;
    }
    return pattern;
}

/* The layers */

static gboolean visit_pyramid(Layers *l)
{
    CnxDetectorWeights *self = l->self;

    for (guint i = 0; i < self->inner_count; i++) {
        const gboolean is_first = l->visit.pass == CNX_LAYER_DETECT && i == 0;

        if (!visit_module(l, &l->rules->names.inner, i,
                          (CnxLayerSource){.conv = &self->inner[i],
                                           .n = is_first ? 0 : self->inner[0].n,
                                           .side = 1}) ||
            !visit_module(l, &l->rules->names.layer, i,
                          (CnxLayerSource){.conv = &self->layer[i],
                                           .n = self->inner[0].n,
                                           .k = self->inner[0].n,
                                           .side = 3}))
            return FALSE;
    }
    return TRUE;
}

static gboolean visit_proposals(Layers *l)
{
    CnxDetectorWeights *self = l->self;
    const CnxDetectorNames *names = &l->rules->names;
    const guint channels = self->inner[0].n;
    const guint anchors = l->visit.pass == CNX_LAYER_DETECT
                              ? cnx_layer_outputs(l->visit.tensors, names->rpn_logits)
                              : self->rpn_out.n / 5;

    for (guint i = 0; i < self->rpn_depth; i++)
        if (!visit_module(l, &names->rpn, i,
                          (CnxLayerSource){.conv = &self->rpn[i],
                                           .n = channels,
                                           .k = channels,
                                           .side = 3,
                                           .act = CNX_ACT_RELU}))
            return FALSE;
    return cnx_layer_visit(&l->visit, (CnxLayerSource){.conv = &self->rpn_out,
                                                       .module = names->rpn_logits,
                                                       .second = names->rpn_deltas,
                                                       .n = anchors,
                                                       .k = channels,
                                                       .second_n = 4 * anchors,
                                                       .side = 1,
                                                       .order = CNX_LAYER_STACKED,
                                                       .exact = TRUE});
}

/* A module of the head of this stage. */
static char *stage_name(const Layers *l, const char *pattern)
{
    return cnx_module_name(pattern, l->stage, 0);
}

static gboolean visit_predictions(Layers *l, CnxBoxHead *head)
{
    const CnxDetectorNames *names = &l->rules->names;
    const CnxDetectorWeights *self = l->self;
    const gboolean first = l->rules->background_first;
    g_autofree char *logits = stage_name(l, names->box_logits);
    g_autofree char *deltas = stage_name(l, names->box_deltas);

    return cnx_layer_visit(&l->visit,
                           (CnxLayerSource){.conv = &head->predict,
                                            .module = logits,
                                            .second = deltas,
                                            .n = self->classes + 1,
                                            .k = head->fc[head->fc_depth - 1].n,
                                            .second_n = 4 * (self->box_classes + first),
                                            .side = 1,
                                            .is_linear = TRUE,
                                            .order = first ? CNX_LAYER_ROTATED : CNX_LAYER_STACKED,
                                            .exact = TRUE});
}

static gboolean visit_boxes(Layers *l, CnxBoxHead *head)
{
    const CnxDetectorNames *names = &l->rules->names;
    const CnxModulePattern fc = box_fc_pattern(l, head->conv_depth);
    guint channels = l->self->inner[0].n;

    for (guint i = 0; i < head->conv_depth; i++) {
        if (!visit_module(
                l, &names->box_conv, i,
                (CnxLayerSource){
                    .conv = &head->conv[i], .k = channels, .side = 3, .act = CNX_ACT_RELU}))
            return FALSE;
        channels = head->conv[i].n;
    }
    for (guint i = 0; i < head->fc_depth; i++)
        if (!visit_module(
                l, &fc, i,
                (CnxLayerSource){.conv = &head->fc[i],
                                 .k = i > 0 ? head->fc[i - 1].n : 0,
                                 .side = 1,
                                 .is_linear = TRUE,
                                 .channels = channels,
                                 .act = CNX_ACT_RELU,
                                 .order = i > 0 ? CNX_LAYER_AS_STORED : CNX_LAYER_FLATTENED}))
            return FALSE;
    return visit_predictions(l, head);
}

/* The rows of the last layer are kept as they are: only the predicted class's is used. */
static gboolean visit_mask_rows(Layers *l, CnxMaskHead *head)
{
    CnxLayerVisit *v = &l->visit;
    const guint classes = l->self->classes, left_out = l->rules->background_first;
    g_autofree char *module = stage_name(l, l->rules->names.mask_logits);
    CnxHeadLayer layer = {module, NULL, classes + left_out, head->channels, 1, FALSE, NULL, FALSE};
    g_auto(CnxHeadRows) rows = {NULL, NULL};

    if (v->pass == CNX_LAYER_DETECT)
        return cnx_head_layer_check(v->tensors, &layer, v->error);
    float *weight = CNX_TAKE(&v->arena, classes, head->channels);
    float *bias = CNX_TAKE(&v->arena, classes);
    if (v->pass == CNX_LAYER_MEASURE)
        return TRUE;
    if (!cnx_head_layer_read(v->tensors, &layer, &rows, v->error))
        return FALSE;
    memcpy(weight, rows.weight + left_out * head->channels,
           (gsize)classes * head->channels * sizeof *weight);
    memcpy(bias, rows.bias + left_out, classes * sizeof *bias);
    head->rows = weight;
    head->bias = bias;
    return TRUE;
}

static gboolean visit_masks(Layers *l, CnxMaskHead *head)
{
    for (guint i = 0; i < head->depth; i++)
        if (!visit_module(l, &l->rules->names.mask_conv, i,
                          (CnxLayerSource){.conv = &head->conv[i],
                                           .k = i > 0 ? head->conv[i - 1].n : l->self->inner[0].n,
                                           .side = 3,
                                           .act = CNX_ACT_RELU}))
            return FALSE;
    if (head->depth == 0)
        return TRUE;
    g_autofree char *up = stage_name(l, l->rules->names.mask_up);
    if (!cnx_layer_visit(&l->visit, (CnxLayerSource){.conv = &head->up,
                                                     .module = up,
                                                     .k = head->conv[head->depth - 1].n,
                                                     .side = 1,
                                                     .act = CNX_ACT_RELU,
                                                     .order = CNX_LAYER_UNPOOLED}))
        return FALSE;
    head->channels = head->up.n / 4;
    return visit_mask_rows(l, head);
}

static gboolean visit_layers(Layers *l)
{
    if (!visit_pyramid(l) || !visit_proposals(l))
        return FALSE;
    for (guint i = 0; i < l->self->stages; i++) {
        set_stage(l, i);
        if (!visit_boxes(l, &l->self->box[i]) || !visit_masks(l, &l->self->mask[i]))
            return FALSE;
    }
    return TRUE;
}

/* Counting */

static gboolean check_count(const Layers *l, const char *what, guint found, guint least, guint most)
{
    if (found >= least && found <= most)
        return TRUE;
    g_set_error(l->visit.error, CNX_ERROR, CNX_ERROR_UNSUPPORTED,
                "%s: has %u %s, expected %u to %u", l->visit.tensors->file, found, what, least,
                most);
    return FALSE;
}

static guint count_stages(const Layers *l)
{
    guint n = 0;
    gboolean found = TRUE;

    while (found) {
        g_autofree char *stage = g_strdup_printf("%u.", n);
        g_autofree char *module = cnx_module_name(l->rules->names.box_logits, stage, 0);

        found = strchr(l->rules->names.box_logits, '*') && has_module(l, module);
        n += found;
    }
    return MAX(n, 1);
}

static gboolean count_head(Layers *l, guint stage)
{
    const CnxDetectorNames *names = &l->rules->names;
    CnxBoxHead *box = &l->self->box[stage];
    CnxMaskHead *mask = &l->self->mask[stage];

    set_stage(l, stage);
    box->conv_depth = count_modules(l, &names->box_conv);
    const CnxModulePattern fc = box_fc_pattern(l, box->conv_depth);
    box->fc_depth =
        names->fcs > 0 && fc.plain == names->box_fc.plain ? names->fcs : count_modules(l, &fc);
    mask->depth = count_modules(l, &names->mask_conv);
    return check_count(l, "convolutions in its box head", box->conv_depth, 0, CNX_DETECTOR_DEPTH) &&
           check_count(l, "linear layers in its box head", box->fc_depth, 1, CNX_DETECTOR_DEPTH) &&
           check_count(l, "convolutions in its mask head", mask->depth, 0, CNX_DETECTOR_DEPTH);
}

static gboolean count_layers(Layers *l)
{
    const CnxDetectorNames *names = &l->rules->names;
    CnxDetectorWeights *self = l->self;

    self->inner_count = count_modules(l, &names->inner);
    self->rpn_depth = MAX(count_modules(l, &names->rpn), 1); /* one is needed */
    self->stages = count_stages(l);
    if (!check_count(l, "levels in its pyramid", self->inner_count, 1, CNX_DETECTOR_INNER) ||
        !check_count(l, "convolutions before its proposals", self->rpn_depth, 1,
                     CNX_DETECTOR_DEPTH) ||
        !check_count(l, "box heads", self->stages, 1, CNX_DETECTOR_STAGES))
        return FALSE;
    for (guint i = 0; i < self->stages; i++)
        if (!count_head(l, i))
            return FALSE;
    return TRUE;
}

/* Classes and boxes, from the first head; the others must have the same. */
static gboolean count_classes(Layers *l)
{
    CnxDetectorWeights *self = l->self;
    const CnxHeadTensors *tensors = l->visit.tensors;

    set_stage(l, 0);
    g_autofree char *logits = stage_name(l, l->rules->names.box_logits);
    g_autofree char *deltas = stage_name(l, l->rules->names.box_deltas);
    const guint outputs = cnx_layer_outputs(tensors, logits);
    if (cnx_head_has(tensors, "%s.weight", logits) &&
        !check_count(l, "classes with the background", outputs, 2, CNX_DETECTOR_CLASSES_MAX))
        return FALSE;
    self->classes = MAX(outputs, 2) - 1;
    self->box_classes =
        !l->rules->background_first && cnx_layer_outputs(tensors, deltas) == 4 ? 1 : self->classes;
    return TRUE;
}

/* The side of a pooled box, from the inputs of the first linear layers. */
static gboolean find_side(Layers *l)
{
    CnxDetectorWeights *self = l->self;

    for (guint i = 0; i < self->stages; i++) {
        const CnxBoxHead *head = &self->box[i];
        const guint channels =
            head->conv_depth > 0 ? head->conv[head->conv_depth - 1].n : self->inner[0].n;

        if (i == 0)
            self->box_side = 1;
        while (i == 0 && self->box_side < CNX_DETECTOR_SIDE_MAX &&
               (guint64)self->box_side * self->box_side * channels < head->fc[0].k)
            self->box_side++;
        if ((guint64)self->box_side * self->box_side * channels == head->fc[0].k)
            continue;
        set_stage(l, i);
        const CnxModulePattern fc = box_fc_pattern(l, head->conv_depth);
        g_autofree char *module = plain_name(l, &fc, 0);
        g_set_error(l->visit.error, CNX_ERROR, CNX_ERROR_MISMATCH,
                    "%s: tensor \"%s%s.weight\" has %u inputs, expected %u channels of a square of "
                    "pixels with a side of at most %u, the same in all stages",
                    l->visit.tensors->file, l->visit.tensors->prefix, module, head->fc[0].k,
                    channels, CNX_DETECTOR_SIDE_MAX);
        return FALSE;
    }
    return TRUE;
}

/* All stages have masks, or none. */
static gboolean check_masks(const Layers *l)
{
    for (guint i = 1; i < l->self->stages; i++)
        if ((l->self->mask[i].depth > 0) != (l->self->mask[0].depth > 0)) {
            g_set_error(l->visit.error, CNX_ERROR, CNX_ERROR_UNSUPPORTED,
                        "%s: only some of its %u stages have a mask head", l->visit.tensors->file,
                        l->self->stages);
            return FALSE;
        }
    return TRUE;
}

gboolean cnx_detector_weights_detect(CnxDetectorWeights *self, CnxHeadTensors *tensors,
                                     const CnxDetectorRules *rules, CnxForm form,
                                     CnxDetectorShape *shape, GError **error)
{
    Layers l = {{.tensors = tensors, .form = form, .pass = CNX_LAYER_DETECT, .error = error},
                self,
                rules,
                ""};

    *self = (CnxDetectorWeights){0};
    if (!count_layers(&l) || !count_classes(&l) || !visit_layers(&l) || !find_side(&l) ||
        !check_masks(&l))
        return FALSE;
    *shape = (CnxDetectorShape){.rules = rules,
                                .inner = self->inner_count,
                                .channels = self->inner[0].n,
                                .anchors = self->rpn_out.n / 5,
                                .classes = self->classes,
                                .stages = self->stages};
    for (guint i = 0; i < self->inner_count; i++)
        shape->widths[i] = self->inner[i].k;
    return TRUE;
}

gsize cnx_detector_weights_size(const CnxDetectorWeights *self, const CnxDetectorRules *rules,
                                const CnxKernels *kernels)
{
    CnxDetectorWeights copy = *self;
    Layers l = {{.kernels = kernels, .pass = CNX_LAYER_MEASURE}, &copy, rules, ""};
    gsize bytes;

    visit_layers(&l);
    return cnx_arena_bytes(&l.visit.arena, &bytes) ? bytes : G_MAXSIZE;
}

gboolean cnx_detector_weights_pack(CnxDetectorWeights *self, CnxHeadTensors *tensors,
                                   const CnxDetectorRules *rules, const CnxKernels *kernels,
                                   GError **error)
{
    Layers l = {{.tensors = tensors, .kernels = kernels, .pass = CNX_LAYER_PACK, .error = error},
                self,
                rules,
                ""};

    self->memory_size = cnx_detector_weights_size(self, rules, kernels);
    self->memory = cnx_memory_new(self->memory_size);
    if (!self->memory) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY,
                    "%s: not enough memory for the weights of its detector: %" G_GSIZE_FORMAT
                    " bytes are needed",
                    tensors->file, self->memory_size);
        return FALSE;
    }
    l.visit.arena.base = self->memory;
    return visit_layers(&l);
}

void cnx_detector_weights_clear(CnxDetectorWeights *self)
{
    free(self->memory);
    self->memory = NULL;
}
