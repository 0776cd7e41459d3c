/* The engine of `convnextdetect`: a network that finds objects, and perhaps their masks.
 *
 *   image of the resized frame, padded -> boxes in it -> boxes in the frame -> result
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/engine/kind.h"
#include "gst/engine/modelinfo.h"
#include "gst/results/pool.h"
#include "gst/results/turn.h"
#include "model/heads/detector.h"
#include "model/heads/detector_config.h"
#include "model/heads/info.h"
#include "model/heads/work.h"

#define MULTIPLE 32 /* of the sides of the padded image */

typedef struct Detector {
    GstConvnextEngine base;
    CnxDetector *detector;
    CnxDetectorSettings settings;
    gboolean pastes; /* masks, at the size of the frame */
    GstConvnextLegend *legend;
    CnxPool *masks;  /* as the network computes them; blocks for max_objects */
    CnxPool *frames; /* pasted; blocks of a power of two */

    /* Belong to the job that runs. */
    guint *chosen;                      /* [max_objects] indices of detections */
    GstConvnextDetectedObject *objects; /* [max_objects] */
    float *pasted; /* probabilities of one object, [rows, columns], at most those of the frame */
    gsize pasted_size;
} Detector;

static const CnxHeadInfo *info_of(const Detector *self)
{
    return cnx_detector_info(self->detector);
}

static gsize mask_bytes(const Detector *self, guint objects)
{
    const guint side = self->settings.masks ? cnx_detector_mask_side(self->detector) : 0;

    return (gsize)objects * side * side * sizeof(float);
}

static CnxNeed find_need(const GstConvnextEngine *engine, const GstConvnextSizes *sizes,
                         CnxLimit limit)
{
    const Detector *self = (const Detector *)engine;
    const guint objects = self->settings.max_objects;
    const gsize frame =
        self->pastes ? (gsize)sizes->frame_width * sizes->frame_height : 0; /* pixels */
    const CnxNeedSettings settings = {.width = sizes->view.network_width,
                                      .height = sizes->view.network_height,
                                      .threads = engine->threads,
                                      .preprocessing = sizes->preprocessing};
    const CnxNeedHead head = {
        .weights = cnx_detector_memory(self->detector),
        .run = cnx_detector_run_measure(self->detector, settings.width, settings.height,
                                        &self->settings, engine->threads),
        .scratch = frame * sizeof(float) + objects * (sizeof *self->chosen + sizeof *self->objects),
        .results =
            objects * (frame + sizeof(GstConvnextDetectedObject)) + mask_bytes(self, objects),
    };
    CnxNeed need = cnx_need_of_head(&head, &settings, limit);

    need.advice = self->pastes
                      ? "a smaller min-size and max-size, a smaller max-objects, mask-size=network"
                      : "a smaller min-size and max-size";
    return need;
}

/* Opening */

static gboolean find_settings(Detector *self, const GstConvnextDetecting *wanted, GError **error)
{
    const CnxDetectorSettings requested = {.min_size = wanted->min_size,
                                           .max_size = wanted->max_size,
                                           .score_threshold = wanted->score_threshold,
                                           .nms_threshold = wanted->nms_threshold,
                                           .max_objects = wanted->max_objects,
                                           .proposals = wanted->proposals,
                                           .masks = wanted->masks != GST_CONVNEXT_MASKS_OFF};
    const char *path = self->base.path;

    self->settings = cnx_detector_settings(self->detector, &requested);
    self->pastes = self->settings.masks && wanted->mask_size == GST_CONVNEXT_OBJECT_MASK_SIZE_FRAME;
    if (wanted->masks == GST_CONVNEXT_MASKS_ON && !self->settings.masks)
        g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                    "%s: the model is a %s, which has no masks, but masks is on", path,
                    info_of(self)->family);
    else if (self->settings.max_size < self->settings.min_size)
        g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                    "%s: max-size must be at least min-size (%u), not %u", path,
                    self->settings.min_size, self->settings.max_size);
    else
        return TRUE;
    return FALSE;
}

static gboolean open_detector(GstConvnextEngine *engine, const GstConvnextEngineSettings *settings,
                              const CnxOpenOptions *options, GError **error)
{
    Detector *self = (Detector *)engine;

    self->masks = cnx_pool_new();
    self->frames = cnx_pool_new();
    engine->need.limit = cnx_limit_get(settings->max_memory);
    self->detector =
        cnx_detector_open(engine->path, options, gst_convnext_engine_check_weights, engine, error);
    if (!self->detector || !find_settings(self, &settings->detecting, error))
        return FALSE;
    const CnxHeadInfo *info = info_of(self);
    CnxRecipe recipe = info->recipe;

    engine->head = cnx_detector_info(self->detector);
    engine->model = cnx_model_ref(cnx_detector_backbone(self->detector));
    cnx_recipe_set_fit(&recipe, self->settings.min_size, self->settings.max_size, MULTIPLE);
    recipe.reshape = "a larger max-size";
    if (!gst_convnext_engine_make_recipe(engine, &recipe, settings, error) ||
        !gst_convnext_engine_find_labels(engine, settings, info->classes, info->labels, error))
        return FALSE;
    self->chosen = g_new(guint, self->settings.max_objects);
    self->objects = g_new(GstConvnextDetectedObject, self->settings.max_objects);
    engine->size_is_set = settings->detecting.min_size > 0 || settings->detecting.max_size > 0;
    self->legend =
        gst_convnext_legend_new(info->classes, (const char *const *)engine->labels, info->palette);
    const GstConvnextSizes sizes = gst_convnext_engine_typical_sizes(engine);
    engine->need = find_need(engine, &sizes, engine->need.limit);
    return gst_convnext_engine_check_need(engine, cnx_model_config(engine->model), &engine->need,
                                          error);
}

static void close_detector(GstConvnextEngine *engine)
{
    Detector *self = (Detector *)engine;

    cnx_detector_unref(self->detector);
    g_clear_pointer(&self->legend, gst_convnext_legend_unref);
    cnx_pool_free(self->masks);
    cnx_pool_free(self->frames);
    g_free(self->chosen);
    g_free(self->objects);
    g_free(self->pasted);
}

static CnxClient *new_client(GstConvnextEngine *engine, guint threads)
{
    const Detector *self = (const Detector *)engine;

    return cnx_client_new_for(&cnx_detector_work, self->detector, &self->settings, threads);
}

/* The network clips boxes to the part of the image that shows the frame. */
static gboolean prepare(GstConvnextJob *job, GError **error)
{
    const GstConvnextView *view = gst_convnext_job_view(job, 0);

    cnx_client_set_content(job->engine->client, view->content_width, view->content_height);
    return TRUE;
}

/* Results */

/* Sets chosen to the indices of the detections whose class is asked for. Returns their number. */
static guint choose(Detector *self, const GstConvnextJob *job, const CnxDetections *found)
{
    const char *klass = job->scoring.klass;
    guint n = 0;

    for (guint i = 0; i < found->n; i++)
        if (!klass || g_str_equal(job->engine->labels[found->items[i].index], klass))
            self->chosen[n++] = i;
    return n;
}

static GstConvnextDetectedObject object_of(const CnxDetection *found, const GstConvnextView *view)
{
    double x = (double)found->x0, y = (double)found->y0;
    double w = (double)found->x1 - x, h = (double)found->y1 - y;

    gst_convnext_view_box_to_frame(view, &x, &y, &w, &h);
    return (GstConvnextDetectedObject){.index = found->index,
                                       .score = found->score,
                                       .x = (float)x,
                                       .y = (float)y,
                                       .width = (float)w,
                                       .height = (float)h};
}

static void fail_for_memory(GError **error, const char *what, gsize bytes)
{
    g_set_error(error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY,
                "no memory for %s: %" G_GSIZE_FORMAT " bytes", what, bytes);
}

/* Attaches the masks of n chosen objects as the network computes them, [n, side, side]. Returns
 * them, turned back to the frame's orientation; borrowed from the result. NULL with error
 * otherwise. */
static const float *add_masks(const Detector *self, const CnxDetections *found, guint n,
                              GstConvnextOrientation orientation, GstConvnextResult *result,
                              GError **error)
{
    const gsize side = found->mask_side, shape[] = {n, side, side};
    const gsize bytes = mask_bytes(self, n);
    gpointer values;
    GstMemory *memory = gst_convnext_pool_take(
        self->masks, bytes, mask_bytes(self, self->settings.max_objects), &values);

    if (!memory) {
        fail_for_memory(error, "the objects' masks", bytes);
        return NULL;
    }
    for (guint i = 0; i < n; i++)
        gst_convnext_turn_back((float *)values + i * side * side, (guint)side, (guint)side,
                               found->masks + self->chosen[i] * side * side, side, sizeof(float),
                               orientation);
    gst_convnext_result_take_tensor(result,
                                    gst_convnext_tensor_new(GST_CONVNEXT_TENSOR_OBJECT_MASKS,
                                                            G_N_ELEMENTS(shape), shape, memory));
    return values;
}

static gboolean grow_pasted(Detector *self, gsize floats, GError **error)
{
    if (floats <= self->pasted_size)
        return TRUE;
    g_free(self->pasted);
    self->pasted = g_try_new(float, floats);
    self->pasted_size = self->pasted ? floats : 0;
    if (!self->pasted)
        fail_for_memory(error, "an object's mask", floats * sizeof(float));
    return self->pasted != NULL;
}

/* The mask of an object at the size of the frame. */
typedef struct Pasted {
    float box[4]; /* x0, y0, x1, y1 */
    GstConvnextRect rect;
    gsize pixels; /* of rect; 0 if the object has none in the frame */
} Pasted;

static Pasted pasted_of(const Detector *self, const GstConvnextJob *job,
                        const GstConvnextDetectedObject *object)
{
    Pasted pasted = {
        .box = {object->x, object->y, object->x + object->width, object->y + object->height}};
    const CnxPaste area = cnx_detector_paste_area(cnx_detector_pasting(self->detector),
                                                  cnx_detector_mask_side(self->detector),
                                                  pasted.box, job->frame_width, job->frame_height);

    pasted.rect = (GstConvnextRect){(int)area.x0, (int)area.y0, (int)(area.x1 - area.x0),
                                    (int)(area.y1 - area.y0)};
    pasted.pixels = (gsize)pasted.rect.w * (gsize)pasted.rect.h;
    return pasted;
}

/* value: of the object's pixels. pixels: [rect.h, rect.w]. */
static void paste(Detector *self, const GstConvnextJob *job, const float *mask,
                  const Pasted *pasted, guint8 value, guint8 *pixels)
{
    cnx_detector_paste(cnx_detector_pasting(self->detector), mask,
                       cnx_detector_mask_side(self->detector), pasted->box, job->frame_width,
                       job->frame_height, self->pasted, (gsize)pasted->rect.w);
    for (gsize p = 0; p < pasted->pixels; p++)
        pixels[p] = self->pasted[p] > 0.5f ? value : 0;
}

/* The size of the block for so many bytes, which differ from frame to frame: a power of two, or
 * `most`. */
static gsize block_size(gsize bytes, gsize most)
{
    gsize block = 1;

    while (block < bytes && block <= most / 2)
        block *= 2;
    return block < bytes ? most : block;
}

/* Pastes the masks of n objects into the frame. They are parts of one block of memory. */
static gboolean paste_all(Detector *self, const GstConvnextJob *job, const float *masks,
                          const GstConvnextDetectedObject *objects, guint n,
                          GstConvnextResult *result, GError **error)
{
    const gsize side = cnx_detector_mask_side(self->detector);
    const gsize frame = (gsize)job->frame_width * job->frame_height;
    gsize bytes = 0, offset = 0;
    gpointer values;

    for (guint i = 0; i < n; i++)
        bytes += pasted_of(self, job, &objects[i]).pixels;
    if (bytes == 0)
        return TRUE;
    if (!grow_pasted(self, frame, error))
        return FALSE;
    g_autoptr(GstMemory) block = gst_convnext_pool_take(
        self->frames, bytes, block_size(bytes, self->settings.max_objects * frame), &values);
    if (!block) {
        fail_for_memory(error, "the objects' masks", bytes);
        return FALSE;
    }
    for (guint i = 0; i < n; i++) {
        const Pasted pasted = pasted_of(self, job, &objects[i]);

        if (pasted.pixels == 0)
            continue;
        paste(self, job, masks + i * side * side, &pasted, GST_CONVNEXT_OBJECT_MASK_VALUE(i),
              (guint8 *)values + offset);
        gst_convnext_result_set_object_mask(
            result, i, gst_memory_share(block, (gssize)offset, (gssize)pasted.pixels),
            &pasted.rect);
        offset += pasted.pixels;
    }
    return TRUE;
}

static gboolean fill_result(GstConvnextJob *job, guint i, const CnxOutputs *outputs, guint image,
                            GstConvnextResult *result, GError **error)
{
    Detector *self = (Detector *)job->engine;
    const GstConvnextView *view = gst_convnext_job_view(job, i);
    const CnxDetections *found = outputs->detections;
    const guint n = choose(self, job, found);

    job->is_finite &= found->dropped == 0;
    for (guint o = 0; o < n; o++)
        self->objects[o] = object_of(&found->items[self->chosen[o]], view);
    gst_convnext_result_set_objects(result, self->legend, n, self->objects);
    if (n == 0 || !found->masks)
        return TRUE;
    const float *masks = add_masks(self, found, n, view->orientation, result, error);
    if (!masks)
        return FALSE;
    return !self->pastes || paste_all(self, job, masks, self->objects, n, result, error);
}

static void add_info(const GstConvnextEngine *engine, GstStructure *info)
{
    const Detector *self = (const Detector *)engine;
    const CnxDetectorSettings *settings = &self->settings;

    gst_convnext_info_add_head(info, info_of(self));
    gst_structure_set(info, "min-size", G_TYPE_UINT, settings->min_size, "max-size", G_TYPE_UINT,
                      settings->max_size, "score-threshold", G_TYPE_DOUBLE,
                      settings->score_threshold, "nms-threshold", G_TYPE_DOUBLE,
                      settings->nms_threshold, "max-objects", G_TYPE_UINT, settings->max_objects,
                      "proposals", G_TYPE_UINT, settings->proposals, "masks", G_TYPE_BOOLEAN,
                      settings->masks, NULL);
}

static gboolean same_classes(const GstConvnextEngine *a, const GstConvnextEngine *b)
{
    return ((const Detector *)a)->detector == ((const Detector *)b)->detector;
}

const GstConvnextEngineKind gst_convnext_detector = {
    .size = sizeof(Detector),
    .open = open_detector,
    .read_labels = cnx_detector_labels_read,
    .close = close_detector,
    .new_client = new_client,
    .find_need = find_need,
    .prepare = prepare,
    .fill_result = fill_result,
    .add_info = add_info,
    .same_classes = same_classes,
    .not_finite = "objects without a finite score are left out",
};
