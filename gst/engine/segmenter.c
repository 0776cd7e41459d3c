/* The engine of `convnextsegment`: a network whose head gives each pixel a class.
 *
 *   logits [1, h, w, classes] -> mask of the whole input -> without padding, turned back -> result
 *
 * With slide=true, the logits are those of overlapping windows of the input, side by side.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <stdlib.h>

#include "gst/engine/kind.h"
#include "gst/engine/modelinfo.h"
#include "gst/results/layout.h"
#include "gst/results/pool.h"
#include "gst/results/turn.h"
#include "model/base/isa.h"
#include "model/base/memory.h"
#include "model/heads/mask.h"
#include "model/heads/slide.h"
#include "model/heads/work.h"
#include "model/network/scores.h"

/* Limits of the inverse of a temperature, so that the products with logits are neither infinite nor
 * subnormal: at both the score is a step or a constant. */
#define SCALE_MIN 1e-30f
#define SCALE_MAX 1e30f
#define ONE_CLASS_THRESHOLD 0.5 /* with one class and no threshold, every pixel would be of it */

typedef struct Segmenter {
    GstConvnextEngine base;
    CnxSegmenter *segmenter;
    GstConvnextMaskSize mask_size;
    gboolean attaches_logits, slides;
    CnxWindows windows; /* all 0 without sliding */
    GstConvnextLegend *legend;
    float *scale; /* [classes] of the model's temperatures; NULL without a decision */
    CnxPool *masks, *logits;
    const CnxKernels *kernels;

    /* Belong to the job that runs. */
    float *shift;     /* [classes] of the thresholds; NULL without a decision */
    gpointer scratch; /* of the mask's threads */
    gsize scratch_size;
    gpointer whole; /* the mask of the whole input, if that is not the result */
    gsize whole_size;
} Segmenter;

static const CnxHeadInfo *info_of(const Segmenter *self)
{
    return cnx_segmenter_info(self->segmenter);
}

/* As in mmsegmentation's configs: windows of 512 pixels, whose starts are 341 apart. */
static CnxWindows windows_of(const Segmenter *self)
{
    const CnxRecipe *recipe = &self->base.recipe;
    guint width = recipe->size, height = recipe->size;

    if (recipe->crop != CNX_CROP_FIT && recipe->crop != CNX_CROP_NONE)
        cnx_recipe_input(&info_of(self)->recipe, &width, &height);
    return (CnxWindows){width, height, 2 * width / 3, 2 * height / 3};
}

/* Whether an input of this size has more than one window. */
static gboolean is_split(const Segmenter *self, guint width, guint height)
{
    const CnxWindows *w = &self->windows;

    return cnx_window_line(width, w->width, w->step_x).count > 1 ||
           cnx_window_line(height, w->height, w->step_y).count > 1;
}

/* Each window is interpolated to its place in the input, and the input to the mask. */
static void set_windows(const Segmenter *self, guint network_width, guint network_height,
                        CnxMaskPlan *plan)
{
    plan->windows = self->windows;
    plan->via_width = network_width;
    plan->via_height = network_height;
    plan->via_scaling = info_of(self)->scaling;
    plan->scaling = CNX_SCALING_BILINEAR;
}

/* From the head's last layer to the mask of the whole input. */
static CnxMaskPlan plan_of(const Segmenter *self, const GstConvnextScoring *scoring,
                           const GstConvnextLayout *layout, guint network_width,
                           guint network_height)
{
    const CnxHeadInfo *info = info_of(self);
    const gboolean is_default = info->classes == 1 && scoring->threshold == 0;
    const gboolean is_frame = self->mask_size == GST_CONVNEXT_MASK_SIZE_FRAME;
    CnxMaskPlan plan = {
        .width = layout->whole_width,
        .height = layout->whole_height,
        .scaling = info->scaling,
        .sigmoid = info->multi_label || scoring->multi_label,
        .threshold = (float)(is_default ? ONE_CLASS_THRESHOLD : scoring->threshold),
    };

    if (is_split(self, network_width, network_height) ||
        (is_frame && (info->twice || self->slides)))
        set_windows(self, network_width, network_height, &plan);
    else if (self->mask_size == GST_CONVNEXT_MASK_SIZE_STRIDE)
        plan.scaling = CNX_SCALING_NONE;
    return plan;
}

/* Takes the memory for the decision in the model's config, if there is one. */
static void begin_decision(Segmenter *self)
{
    const CnxDecision *decision = &info_of(self)->decision;
    const guint classes = info_of(self)->classes;

    if (!decision->temperature && !decision->threshold)
        return;
    self->scale = g_new(float, classes);
    self->shift = g_new0(float, classes);
    for (guint i = 0; i < classes; i++)
        self->scale[i] =
            decision->temperature ? CLAMP(1 / decision->temperature[i], SCALE_MIN, SCALE_MAX) : 1;
}

/* Applies the decision, if the scores are the model's own: with thresholds, the class that exceeds
 * its own by most, in logits, is the best. A higher threshold of the element replaces a class's. */
static void decide(Segmenter *self, const GstConvnextScoring *scoring, CnxMaskPlan *plan)
{
    const CnxDecision *decision = &info_of(self)->decision;

    if (!self->scale || plan->sigmoid != info_of(self)->multi_label)
        return;
    plan->scale = self->scale;
    plan->shift = self->shift;
    if (!decision->threshold)
        return;
    for (guint i = 0; i < info_of(self)->classes; i++)
        self->shift[i] =
            (float)-log(cnx_odds(MAX(decision->threshold[i], (float)scoring->threshold)));
    plan->threshold = 0.5f;
    if (decision->rest_class == CNX_NO_CLASS)
        return;
    self->shift[decision->rest_class] = -INFINITY;
    plan->none = 1 + (guint)decision->rest_class;
}

/* The head's last layer for the whole input, without its values. */
static CnxMap map_of(const Segmenter *self, guint width, guint height)
{
    const CnxHeadInfo *info = info_of(self);

    return (CnxMap){.n = 1,
                    .width = (width + info->stride - 1) / info->stride,
                    .height = (height + info->stride - 1) / info->stride,
                    .channels = info->classes};
}

/* Memory */

static const char *advice_of(const Segmenter *self)
{
    const gboolean of_frame = self->mask_size == GST_CONVNEXT_MASK_SIZE_FRAME;

    if (self->base.recipe.crop == CNX_CROP_NONE) /* which refuses the sides of the input */
        return of_frame ? "another crop, mask-size=network" : "another crop";
    return of_frame ? "a smaller input-width and input-height, mask-size=network"
                    : "a smaller input-width and input-height";
}

static CnxNeed find_need(const GstConvnextEngine *engine, const GstConvnextSizes *sizes,
                         CnxLimit limit)
{
    const Segmenter *self = (const Segmenter *)engine;
    const guint width = sizes->view.network_width, height = sizes->view.network_height;
    const CnxNeedSettings settings = {.width = width,
                                      .height = height,
                                      .threads = engine->threads,
                                      .preprocessing = sizes->preprocessing};
    const CnxMap map = map_of(self, width, height);
    const CnxMap tiles = cnx_slide_run_size(self->segmenter, &self->windows, width, height);
    const GstConvnextLayout layout =
        gst_convnext_layout_of(&sizes->view, self->mask_size, map.width, map.height);
    const CnxMaskPlan plan =
        plan_of(self, &(GstConvnextScoring){.threshold = 1}, &layout, width, height);
    const gsize size = cnx_mask_value_size(map.channels);
    const gsize whole = (gsize)layout.whole_width * layout.whole_height * size;
    const gsize mask = (gsize)layout.width * layout.height * size;
    const gsize logits = (gsize)map.width * map.height * map.channels * sizeof(float);
    const CnxNeedHead head = {
        .weights = cnx_segmenter_memory(self->segmenter),
        .run =
            cnx_slide_run_measure(self->segmenter, &self->windows, width, height, engine->threads),
        .scratch = (gst_convnext_layout_is_plain(&layout) ? 0 : whole) +
                   engine->threads * cnx_mask_scratch(self->slides ? &tiles : &map, &plan),
        .results = mask + (self->attaches_logits ? logits : 0),
    };
    CnxNeed need = cnx_need_of_head(&head, &settings, limit);

    need.advice = advice_of(self);
    return need;
}

static gboolean grow(gpointer *memory, gsize *size, gsize needed, GError **error)
{
    if (needed <= *size)
        return TRUE;
    free(*memory);
    *memory = cnx_memory_new(needed);
    *size = *memory ? needed : 0;
    if (*memory)
        return TRUE;
    g_set_error(error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY,
                "no memory for a mask: %" G_GSIZE_FORMAT " bytes", needed);
    return FALSE;
}

/* Opening */

static gboolean check_classes(const Segmenter *self, GError **error)
{
    const guint classes = info_of(self)->classes;

    if (classes <= CNX_MASK_MAX_CLASSES)
        return TRUE;
    g_set_error(error, CNX_ERROR, CNX_ERROR_UNSUPPORTED,
                "%s: the head has %u classes, expected at most %u", self->base.path, classes,
                CNX_MASK_MAX_CLASSES);
    return FALSE;
}

static gboolean open_segmenter(GstConvnextEngine *engine, const GstConvnextEngineSettings *settings,
                               const CnxOpenOptions *options, GError **error)
{
    Segmenter *self = (Segmenter *)engine;

    self->mask_size = settings->mask_size;
    self->attaches_logits = settings->logits;
    self->slides = settings->slide;
    self->masks = cnx_pool_new();
    self->logits = cnx_pool_new();
    engine->need.limit = cnx_limit_get(settings->max_memory);
    self->kernels = cnx_isa_kernels(error);
    if (!self->kernels)
        return FALSE;
    self->segmenter =
        cnx_segmenter_open(engine->path, options, gst_convnext_engine_check_weights, engine, error);
    if (!self->segmenter || !check_classes(self, error))
        return FALSE;
    const CnxHeadInfo *info = info_of(self);

    engine->head = info;
    engine->model = cnx_model_ref(cnx_segmenter_backbone(self->segmenter));
    if (!gst_convnext_engine_make_recipe(engine, &info->recipe, settings, error) ||
        !gst_convnext_engine_find_labels(engine, settings, info->classes, info->labels, error))
        return FALSE;
    if (self->slides)
        self->windows = windows_of(self);
    begin_decision(self);
    self->legend =
        gst_convnext_legend_new(info->classes, (const char *const *)engine->labels, info->palette);
    const GstConvnextSizes sizes = gst_convnext_engine_typical_sizes(engine);
    engine->need = find_need(engine, &sizes, engine->need.limit);
    return gst_convnext_engine_check_need(engine, cnx_model_config(engine->model), &engine->need,
                                          error);
}

static void close_segmenter(GstConvnextEngine *engine)
{
    Segmenter *self = (Segmenter *)engine;

    cnx_segmenter_unref(self->segmenter);
    g_clear_pointer(&self->legend, gst_convnext_legend_unref);
    cnx_pool_free(self->masks);
    cnx_pool_free(self->logits);
    g_free(self->scale);
    g_free(self->shift);
    free(self->scratch);
    free(self->whole);
}

static CnxClient *new_client(GstConvnextEngine *engine, guint threads)
{
    const Segmenter *self = (const Segmenter *)engine;

    return cnx_client_new_for(&cnx_segmenter_work, self->segmenter, &self->windows, threads);
}

/* Results */

/* A logit of -infinity only excludes its class. */
static gboolean are_finite(const CnxMap *logits)
{
    const gsize n = (gsize)logits->height * logits->width * logits->channels;
    guint32 bad = 0;

    for (gsize i = 0; i < n; i++) {
        guint32 bits;

        memcpy(&bits, logits->data + i, sizeof bits);
        bad |= (bits & 0x7f800000u) == 0x7f800000u && bits != 0xff800000u;
    }
    return bad == 0;
}

/* A context with the scratch memory for this plan. FALSE with error. */
static gboolean prepare_context(Segmenter *self, const CnxMap *logits, const CnxMaskPlan *plan,
                                CnxDenseContext *context, GError **error)
{
    const guint threads = self->base.threads;
    const gsize scratch =
        (cnx_mask_scratch(logits, plan) + CNX_ALIGNMENT - 1) / CNX_ALIGNMENT * CNX_ALIGNMENT;

    if (!grow(&self->scratch, &self->scratch_size, MAX(scratch, 1) * threads, error))
        return FALSE;
    *context = (CnxDenseContext){self->kernels, threads, self->scratch, scratch};
    return TRUE;
}

/* The logits of the whole input, map: those of the head, or the mean of the windows', interpolated
 * to the same size. */
static gboolean copy_logits(Segmenter *self, const GstConvnextJob *job, const CnxMap *logits,
                            const CnxMap *map, float *values, GError **error)
{
    CnxMaskPlan plan = {.width = map->width, .height = map->height};
    CnxDenseContext context;

    if (!is_split(self, job->width, job->height)) {
        memcpy(values, logits->data,
               (gsize)map->height * map->width * map->channels * sizeof *values);
        return TRUE;
    }
    set_windows(self, job->width, job->height, &plan);
    if (!prepare_context(self, logits, &plan, &context, error))
        return FALSE;
    cnx_mask_logits(&context, logits, &plan, values);
    return TRUE;
}

static gboolean add_logits(Segmenter *self, const GstConvnextJob *job, const CnxMap *logits,
                           const CnxMap *map, GstConvnextResult *result, GError **error)
{
    const gsize shape[] = {map->height, map->width, map->channels};
    const gsize bytes = shape[0] * shape[1] * shape[2] * sizeof(float);
    gpointer values;
    g_autoptr(GstMemory) memory = gst_convnext_pool_take(self->logits, bytes, bytes, &values);

    if (!memory) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY,
                    "no memory for the logits: %" G_GSIZE_FORMAT " bytes", bytes);
        return FALSE;
    }
    if (!copy_logits(self, job, logits, map, values, error))
        return FALSE;
    gst_convnext_result_take_tensor(
        result, gst_convnext_tensor_new(GST_CONVNEXT_TENSOR_SEGMENTATION_LOGITS,
                                        G_N_ELEMENTS(shape), shape, g_steal_pointer(&memory)));
    return TRUE;
}

/* Computes the mask into values, [layout->height, layout->width] of `size` bytes each. */
static gboolean compute_mask(Segmenter *self, const CnxMap *logits, const CnxMaskPlan *plan,
                             const GstConvnextLayout *layout, gsize size, gpointer values,
                             GError **error)
{
    const gboolean is_plain = gst_convnext_layout_is_plain(layout);
    const gsize stride = layout->whole_width * size;
    CnxDenseContext context;

    if (!prepare_context(self, logits, plan, &context, error) ||
        (!is_plain && !grow(&self->whole, &self->whole_size, stride * layout->whole_height, error)))
        return FALSE;
    cnx_mask_compute(&context, logits, plan, is_plain ? values : self->whole, stride, NULL);
    if (!is_plain)
        gst_convnext_turn_back(values, layout->width, layout->height,
                               (char *)self->whole + layout->y * stride + layout->x * size,
                               layout->whole_width, size, layout->orientation);
    return TRUE;
}

static gboolean fill_result(GstConvnextJob *job, guint i, const CnxOutputs *outputs, guint image,
                            GstConvnextResult *result, GError **error)
{
    Segmenter *self = (Segmenter *)job->engine;
    const CnxMap *logits = &outputs->logits;
    const CnxMap map =
        is_split(self, job->width, job->height) ? map_of(self, job->width, job->height) : *logits;
    const GstConvnextLayout layout = gst_convnext_layout_of(gst_convnext_job_view(job, i),
                                                            self->mask_size, map.width, map.height);
    CnxMaskPlan plan = plan_of(self, &job->scoring, &layout, job->width, job->height);
    const gsize size = cnx_mask_value_size(logits->channels);
    const gsize bytes = (gsize)layout.width * layout.height * size;
    gpointer values;
    g_autoptr(GstMemory) mask = gst_convnext_pool_take(self->masks, bytes, bytes, &values);

    if (!mask) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY,
                    "no memory for a mask of %u x %u pixels", layout.width, layout.height);
        return FALSE;
    }
    decide(self, &job->scoring, &plan);
    plan.has_unknown = !are_finite(logits);
    job->is_finite &= !plan.has_unknown;
    if (!compute_mask(self, logits, &plan, &layout, size, values, error))
        return FALSE;
    gst_convnext_result_set_segmentation(result, g_steal_pointer(&mask), layout.width,
                                         layout.height, (guint)size * 8, &layout.rect,
                                         self->legend);
    return !self->attaches_logits || add_logits(self, job, logits, &map, result, error);
}

static void add_info(const GstConvnextEngine *engine, GstStructure *info)
{
    const Segmenter *self = (const Segmenter *)engine;
    const CnxHeadInfo *head = info_of(self);
    const CnxWindows *windows = &self->windows;

    gst_convnext_info_add_head(info, head);
    gst_convnext_info_add_scores(info, &head->decision, head->classes,
                                 head->multi_label ? "sigmoid" : "softmax",
                                 (const char *const *)engine->labels);
    gst_structure_set(info, "stride", G_TYPE_UINT, head->stride, "multi-label", G_TYPE_BOOLEAN,
                      head->multi_label, NULL);
    if (g_str_equal(engine->labels_from, "model"))
        gst_structure_set(info, "labels-from", G_TYPE_STRING, cnx_origin_name(head->labels_from),
                          NULL);
    if (!self->slides)
        return;
    g_autofree char *text = g_strdup_printf("%ux%u at %ux%u", windows->width, windows->height,
                                            windows->step_x, windows->step_y);

    gst_structure_set(info, "windows", G_TYPE_STRING, text, NULL);
}

static gboolean same_classes(const GstConvnextEngine *a, const GstConvnextEngine *b)
{
    return ((const Segmenter *)a)->segmenter == ((const Segmenter *)b)->segmenter;
}

const GstConvnextEngineKind gst_convnext_segmenter = {
    .size = sizeof(Segmenter),
    .open = open_segmenter,
    .close = close_segmenter,
    .new_client = new_client,
    .find_need = find_need,
    .fill_result = fill_result,
    .add_info = add_info,
    .same_classes = same_classes,
    .not_finite = "the pixels that depend on them have no class",
};
