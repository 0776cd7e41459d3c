/* Every layer is visited three times, in the same order: to find it, to measure it, to pack it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/heads/detector_weights.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/memory.h"

#define OUTPUTS_MAX (1u << 20) /* of a layer; published: 1024 */

typedef enum Pass { DETECT, MEASURE, PACK } Pass;

/* How the rows of a packed layer follow from those of the file */
typedef enum Order {
    AS_STORED,
    STACKED,   /* the rows of two layers, one layer after the other */
    FLATTENED, /* columns from (channel, y, x) to (y, x, channel) */
    UNPOOLED,  /* a transposed convolution, from [in, out, 2, 2] to [2, 2, out, in] */
} Order;

typedef struct Visit {
    CnxDetectorWeights *self;
    CnxHeadTensors *tensors; /* not used to measure */
    const CnxKernels *kernels;
    CnxForm form;
    Pass pass;
    CnxArena arena;
    GError **error;
} Visit;

/* One packed layer and its origin */
typedef struct Source {
    CnxConv *conv;
    const char *module, *norm; /* in the file; norm: the batch norm behind it, or NULL */
    const char *second;        /* the module of a stacked layer's other rows */
    guint n, k;                /* outputs and inputs of the module; 0: any */
    guint times;               /* outputs of the second module / outputs of the first */
    guint side;                /* of the kernel */
    guint channels;            /* of a flattened map */
    CnxAct act;
    Order order;
    gboolean exact; /* always in fp32 */
} Source;

/* Names */

/* A convolution of torchvision and the batch norm that may follow it. Before 0.13 "conv", since
 * then "conv.0" and "conv.1". */
typedef struct Names {
    char conv[96], norm[96];
    gboolean has_norm;
} Names;

static Names name_conv(const Visit *v, const char *wrapped, const char *old)
{
    Names names;

    g_snprintf(names.conv, sizeof names.conv, "%s.0", wrapped);
    g_snprintf(names.norm, sizeof names.norm, "%s.1", wrapped);
    if (v->tensors && !cnx_head_has(v->tensors, "%s.weight", names.conv))
        g_strlcpy(names.conv, old, sizeof names.conv);
    names.has_norm = v->tensors && cnx_head_has(v->tensors, "%s.running_mean", names.norm);
    return names;
}

/* Finding a layer */

static gboolean detect_unpooled(Visit *v, Source *s)
{
    g_autofree char *weight = g_strconcat(s->module, ".weight", NULL);
    g_autofree char *bias = g_strconcat(s->module, ".bias", NULL);
    guint64 shape[] = {s->k, 0, 2, 2};

    if (!cnx_head_need(v->tensors, weight, 4, shape, v->error) ||
        !cnx_head_need(v->tensors, bias, 1, shape + 1, v->error))
        return FALSE;
    s->n = (guint)shape[1];
    return TRUE;
}

static gboolean detect_stored(Visit *v, Source *s)
{
    CnxHeadLayer first = {s->module, s->norm, s->n, s->k, s->side, FALSE, NULL};

    if (!cnx_head_layer_check(v->tensors, &first, v->error))
        return FALSE;
    s->n = first.n;
    s->k = first.k;
    if (s->order != STACKED)
        return TRUE;
    CnxHeadLayer second = {s->second, NULL, s->times * s->n, s->k, s->side, FALSE, NULL};
    return cnx_head_layer_check(v->tensors, &second, v->error);
}

static guint outputs_of(const Source *s)
{
    return s->n * (s->order == STACKED ? 1 + s->times : s->order == UNPOOLED ? 4 : 1);
}

static gboolean detect_layer(Visit *v, Source *s)
{
    if (!(s->order == UNPOOLED ? detect_unpooled(v, s) : detect_stored(v, s)))
        return FALSE;
    if (s->n > OUTPUTS_MAX) {
        g_set_error(v->error, CNX_ERROR, CNX_ERROR_UNSUPPORTED,
                    "%s: layer \"%s%s\" has %u outputs, expected at most %u", v->tensors->file,
                    v->tensors->prefix, s->module, s->n, OUTPUTS_MAX);
        return FALSE;
    }
    *s->conv = (CnxConv){.n = outputs_of(s),
                         .k = s->k,
                         .side = s->side,
                         .dilation = 1,
                         .form = s->exact ? CNX_FORM_FLOAT : v->form,
                         .act = s->act};
    if (s->side == 3)
        s->conv->way = cnx_conv_choose(s->conv->n, s->conv->k, 1, s->conv->form);
    return TRUE;
}

/* Packing a layer */

static void stack_rows(CnxHeadRows *rows, CnxHeadRows *second, gsize n, gsize m, gsize k)
{
    rows->weight = g_renew(float, rows->weight, (n + m) * k);
    rows->bias = g_renew(float, rows->bias, n + m);
    memcpy(rows->weight + n * k, second->weight, m * k * sizeof *rows->weight);
    memcpy(rows->bias + n, second->bias, m * sizeof *rows->bias);
}

/* weight: [n, channels, pixels] to [n, pixels, channels] */
static void permute_rows(float *weight, gsize n, gsize channels, gsize pixels)
{
    const gsize k = channels * pixels;
    g_autofree float *row = g_new(float, k);

    for (gsize o = 0; o < n; o++, weight += k) {
        memcpy(row, weight, k * sizeof *row);
        for (gsize c = 0; c < channels; c++)
            for (gsize p = 0; p < pixels; p++)
                weight[p * channels + c] = row[c * pixels + p];
    }
}

/* [k, n, 2, 2] to [2, 2, n, k] */
static gboolean read_unpooled(Visit *v, const Source *s, CnxHeadRows *rows)
{
    const gsize n = s->n, k = s->k;
    g_autofree char *weight = g_strconcat(s->module, ".weight", NULL);
    g_autofree char *bias = g_strconcat(s->module, ".bias", NULL);
    g_autofree float *stored =
        cnx_head_read_numbers(v->tensors, cnx_head_tensor(v->tensors, weight), v->error);
    g_autofree float *values =
        stored ? cnx_head_read_vector(v->tensors, bias, s->n, v->error) : NULL;

    if (!values)
        return FALSE;
    rows->weight = g_new(float, 4 * n * k);
    rows->bias = g_new(float, 4 * n);
    for (gsize tap = 0; tap < 4; tap++)
        for (gsize o = 0; o < n; o++) {
            for (gsize i = 0; i < k; i++)
                rows->weight[(tap * n + o) * k + i] = stored[(i * n + o) * 4 + tap];
            rows->bias[tap * n + o] = values[o];
        }
    return TRUE;
}

static gboolean read_rows(Visit *v, const Source *s, CnxHeadRows *rows)
{
    const CnxHeadLayer first = {s->module, s->norm, s->n, s->k, s->side, FALSE, NULL};
    const CnxHeadLayer second = {s->second, NULL, s->times * s->n, s->k, s->side, FALSE, NULL};
    g_auto(CnxHeadRows) other = {NULL, NULL};

    if (s->order == UNPOOLED)
        return read_unpooled(v, s, rows);
    if (!cnx_head_layer_read(v->tensors, &first, rows, v->error) ||
        (s->order == STACKED && !cnx_head_layer_read(v->tensors, &second, &other, v->error)))
        return FALSE;
    if (s->order == STACKED)
        stack_rows(rows, &other, first.n, second.n, s->k);
    if (s->order == FLATTENED)
        permute_rows(rows->weight, s->n, s->channels, s->k / s->channels);
    return TRUE;
}

/* Measures or packs a layer that was found. */
static gboolean pack_layer(Visit *v, Source *s)
{
    CnxConv *conv = s->conv;
    const gsize bytes = cnx_conv_packed_size(v->kernels, conv);
    float *packed = CNX_TAKE(&v->arena, (bytes + sizeof(float) - 1) / sizeof(float));
    float *bias = CNX_TAKE(&v->arena, conv->n);
    g_auto(CnxHeadRows) rows = {NULL, NULL};

    if (v->pass == MEASURE)
        return TRUE;
    s->k = conv->k;
    s->n = s->order == STACKED    ? conv->n / (1 + s->times)
           : s->order == UNPOOLED ? conv->n / 4
                                  : conv->n;
    if (!read_rows(v, s, &rows))
        return FALSE;
    cnx_conv_pack(v->kernels, conv, packed, rows.weight, (gsize)conv->k * conv->side * conv->side);
    memcpy(bias, rows.bias, conv->n * sizeof *bias);
    conv->bias = bias;
    return TRUE;
}

static gboolean visit(Visit *v, Source s)
{
    return v->pass == DETECT ? detect_layer(v, &s) : pack_layer(v, &s);
}

/* The layers */

static gboolean visit_pyramid(Visit *v)
{
    CnxDetectorWeights *self = v->self;

    for (guint i = 0; i < self->inner_count; i++) {
        char inner[64], layer[64];

        g_snprintf(inner, sizeof inner, "backbone.fpn.inner_blocks.%u", i);
        g_snprintf(layer, sizeof layer, "backbone.fpn.layer_blocks.%u", i);
        const Names a = name_conv(v, inner, inner), b = name_conv(v, layer, layer);
        const guint channels = v->pass == DETECT && i == 0 ? 0 : self->inner[0].n;
        if (!visit(v, (Source){.conv = &self->inner[i],
                               .module = a.conv,
                               .norm = a.has_norm ? a.norm : NULL,
                               .n = channels,
                               .side = 1}) ||
            !visit(v, (Source){.conv = &self->layer[i],
                               .module = b.conv,
                               .norm = b.has_norm ? b.norm : NULL,
                               .n = self->inner[0].n,
                               .k = self->inner[0].n,
                               .side = 3}))
            return FALSE;
    }
    return TRUE;
}

static gboolean visit_proposals(Visit *v)
{
    CnxDetectorWeights *self = v->self;
    const guint channels = self->inner[0].n;

    for (guint i = 0; i < self->rpn_depth; i++) {
        char module[64];

        g_snprintf(module, sizeof module, "rpn.head.conv.%u", i);
        const Names names = name_conv(v, module, "rpn.head.conv");
        if (!visit(v, (Source){.conv = &self->rpn[i],
                               .module = names.conv,
                               .norm = names.has_norm ? names.norm : NULL,
                               .n = channels,
                               .k = channels,
                               .side = 3,
                               .act = CNX_ACT_RELU}))
            return FALSE;
    }
    return visit(v, (Source){.conv = &self->rpn_out,
                             .module = "rpn.head.cls_logits",
                             .second = "rpn.head.bbox_pred",
                             .k = channels,
                             .times = 4,
                             .side = 1,
                             .order = STACKED,
                             .exact = TRUE});
}

static gboolean visit_boxes(Visit *v)
{
    CnxDetectorWeights *self = v->self;

    return visit(v, (Source){.conv = &self->fc6,
                             .module = "roi_heads.box_head.fc6",
                             .side = 1,
                             .channels = self->inner[0].n,
                             .act = CNX_ACT_RELU,
                             .order = FLATTENED}) &&
           visit(v, (Source){.conv = &self->fc7,
                             .module = "roi_heads.box_head.fc7",
                             .k = self->fc6.n,
                             .side = 1,
                             .act = CNX_ACT_RELU}) &&
           visit(v, (Source){.conv = &self->predict,
                             .module = "roi_heads.box_predictor.cls_score",
                             .second = "roi_heads.box_predictor.bbox_pred",
                             .k = self->fc7.n,
                             .times = 4,
                             .side = 1,
                             .order = STACKED,
                             .exact = TRUE});
}

/* The rows of the last layer are kept as they are: only the predicted class's is used. */
static gboolean visit_mask_rows(Visit *v)
{
    static const char module[] = "roi_heads.mask_predictor.mask_fcn_logits";
    CnxDetectorWeights *self = v->self;
    const guint classes = self->predict.n / 5;
    CnxHeadLayer layer = {module, NULL, classes, self->mask_channels, 1, FALSE, NULL};
    g_auto(CnxHeadRows) rows = {NULL, NULL};

    if (v->pass == DETECT)
        return cnx_head_layer_check(v->tensors, &layer, v->error);
    float *weight = CNX_TAKE(&v->arena, classes, self->mask_channels);
    float *bias = CNX_TAKE(&v->arena, classes);
    if (v->pass == MEASURE)
        return TRUE;
    if (!cnx_head_layer_read(v->tensors, &layer, &rows, v->error))
        return FALSE;
    memcpy(weight, rows.weight, (gsize)classes * self->mask_channels * sizeof *weight);
    memcpy(bias, rows.bias, classes * sizeof *bias);
    self->mask_rows = weight;
    self->mask_bias = bias;
    return TRUE;
}

static gboolean visit_masks(Visit *v)
{
    CnxDetectorWeights *self = v->self;

    for (guint i = 0; i < self->mask_depth; i++) {
        char module[64], old[64];

        g_snprintf(module, sizeof module, "roi_heads.mask_head.%u", i);
        g_snprintf(old, sizeof old, "roi_heads.mask_head.mask_fcn%u", i + 1);
        const Names names = name_conv(v, module, old);
        if (!visit(v, (Source){.conv = &self->mask[i],
                               .module = names.conv,
                               .norm = names.has_norm ? names.norm : NULL,
                               .k = i > 0 ? self->mask[i - 1].n : self->inner[0].n,
                               .side = 3,
                               .act = CNX_ACT_RELU}))
            return FALSE;
    }
    if (self->mask_depth == 0)
        return TRUE;
    if (!visit(v, (Source){.conv = &self->mask_up,
                           .module = "roi_heads.mask_predictor.conv5_mask",
                           .k = self->mask[self->mask_depth - 1].n,
                           .side = 1,
                           .act = CNX_ACT_RELU,
                           .order = UNPOOLED}))
        return FALSE;
    self->mask_channels = self->mask_up.n / 4;
    return visit_mask_rows(v);
}

static gboolean visit_layers(Visit *v)
{
    return visit_pyramid(v) && visit_proposals(v) && visit_boxes(v) && visit_masks(v);
}

/* Counting */

/* Modules whose numbers replace the # of a pattern: "conv.#.0". */
static guint count_modules(CnxHeadTensors *tensors, const char *before, guint first,
                           const char *after)
{
    guint n = 0;

    while (cnx_head_has(tensors, "%s%u%s.weight", before, first + n, after))
        n++;
    return n;
}

static guint count_either(CnxHeadTensors *tensors, const char *before)
{
    const guint wrapped = count_modules(tensors, before, 0, ".0");

    return wrapped > 0 ? wrapped : count_modules(tensors, before, 0, "");
}

static gboolean fail_count(CnxHeadTensors *tensors, const char *what, guint found, guint most,
                           GError **error)
{
    g_set_error(error, CNX_ERROR, CNX_ERROR_UNSUPPORTED, "%s: has %u %s, expected 1 to %u",
                tensors->file, found, what, most);
    return FALSE;
}

static gboolean count_layers(CnxDetectorWeights *self, CnxHeadTensors *tensors, GError **error)
{
    self->inner_count = count_either(tensors, "backbone.fpn.inner_blocks.");
    self->rpn_depth = count_modules(tensors, "rpn.head.conv.", 0, ".0");
    if (self->rpn_depth == 0) /* the old name, which is needed if there is none */
        self->rpn_depth = 1;
    self->mask_depth = count_modules(tensors, "roi_heads.mask_head.", 0, ".0");
    if (self->mask_depth == 0)
        self->mask_depth = count_modules(tensors, "roi_heads.mask_head.mask_fcn", 1, "");
    if (self->inner_count < 1 || self->inner_count > CNX_DETECTOR_INNER)
        return fail_count(tensors, "inner_blocks in its pyramid (backbone.fpn)", self->inner_count,
                          CNX_DETECTOR_INNER, error);
    if (self->rpn_depth > CNX_DETECTOR_DEPTH)
        return fail_count(tensors, "convolutions in rpn.head", self->rpn_depth, CNX_DETECTOR_DEPTH,
                          error);
    return self->mask_depth <= CNX_DETECTOR_DEPTH ||
           fail_count(tensors, "convolutions in roi_heads.mask_head", self->mask_depth,
                      CNX_DETECTOR_DEPTH, error);
}

/* The side of a pooled box, from the inputs of fc6. */
static gboolean find_side(CnxDetectorWeights *self, const CnxHeadTensors *tensors, GError **error)
{
    const guint channels = self->inner[0].n;

    self->box_side = 1;
    while (self->box_side < CNX_DETECTOR_SIDE_MAX &&
           (guint64)self->box_side * self->box_side * channels < self->fc6.k)
        self->box_side++;
    if ((guint64)self->box_side * self->box_side * channels == self->fc6.k)
        return TRUE;
    g_set_error(
        error, CNX_ERROR, CNX_ERROR_MISMATCH,
        "%s: tensor \"%sroi_heads.box_head.fc6.weight\" has %u inputs, expected %u channels "
        "of a square of pixels with a side of at most %u",
        tensors->file, tensors->prefix, self->fc6.k, channels, CNX_DETECTOR_SIDE_MAX);
    return FALSE;
}

static gboolean check_classes(const CnxDetectorWeights *self, const CnxHeadTensors *tensors,
                              GError **error)
{
    const guint outputs = self->predict.n / 5;

    if (outputs >= 2 && outputs <= CNX_DETECTOR_CLASSES_MAX)
        return TRUE;
    g_set_error(error, CNX_ERROR, CNX_ERROR_UNSUPPORTED,
                "%s: its box_predictor has %u classes, expected 2 to %u with the background",
                tensors->file, outputs, CNX_DETECTOR_CLASSES_MAX);
    return FALSE;
}

gboolean cnx_detector_weights_detect(CnxDetectorWeights *self, CnxHeadTensors *tensors,
                                     CnxForm form, CnxDetectorShape *shape, GError **error)
{
    Visit v = {.self = self, .tensors = tensors, .form = form, .pass = DETECT, .error = error};

    *self = (CnxDetectorWeights){0};
    if (!count_layers(self, tensors, error) || !visit_layers(&v) ||
        !find_side(self, tensors, error) || !check_classes(self, tensors, error))
        return FALSE;
    *shape = (CnxDetectorShape){.inner = self->inner_count,
                                .channels = self->inner[0].n,
                                .anchors = self->rpn_out.n / 5,
                                .classes = self->predict.n / 5 - 1};
    for (guint i = 0; i < self->inner_count; i++)
        shape->widths[i] = self->inner[i].k;
    return TRUE;
}

gsize cnx_detector_weights_size(const CnxDetectorWeights *self, const CnxKernels *kernels)
{
    CnxDetectorWeights copy = *self;
    Visit v = {.self = &copy, .kernels = kernels, .pass = MEASURE};
    gsize bytes;

    visit_layers(&v);
    return cnx_arena_bytes(&v.arena, &bytes) ? bytes : G_MAXSIZE;
}

gboolean cnx_detector_weights_pack(CnxDetectorWeights *self, CnxHeadTensors *tensors,
                                   const CnxKernels *kernels, GError **error)
{
    Visit v = {.self = self, .tensors = tensors, .kernels = kernels, .pass = PACK, .error = error};

    self->memory_size = cnx_detector_weights_size(self, kernels);
    self->memory = cnx_memory_new(self->memory_size);
    if (!self->memory) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY,
                    "%s: not enough memory for the weights of its detector: %" G_GSIZE_FORMAT
                    " bytes are needed",
                    tensors->file, self->memory_size);
        return FALSE;
    }
    v.arena.base = self->memory;
    return visit_layers(&v);
}

void cnx_detector_weights_clear(CnxDetectorWeights *self)
{
    free(self->memory);
    self->memory = NULL;
}
