/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include "model/dialect/wrappers.h"
#include "model/heads/detector_network.h"
#include "model/heads/loading.h"
#include "model/heads/recognise.h"
#include "model/network/weights.h"

#define WITNESS "rpn.head.cls_logits.weight"

/* State of load_detector() */
typedef struct Loading {
    CnxHeadLoading base;
    CnxDetector *self;
} Loading;

static void loading_clear(Loading *l)
{
    cnx_head_loading_clear(&l->base);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Loading, loading_clear)

static void detector_free(CnxShared *shared)
{
    g_autofree CnxDetector *self = (CnxDetector *)shared;

    cnx_detector_weights_clear(&self->weights);
    cnx_head_info_free(self->info);
    cnx_model_unref(self->model);
}

static char *make_key(gconstpointer request)
{
    return cnx_head_key(request, "detector|");
}

static gboolean may_use(const CnxShared *shared, gconstpointer data, GError **error)
{
    const CnxDetector *self = (const CnxDetector *)shared;

    return cnx_head_is_allowed(data, cnx_model_config(self->model), cnx_detector_memory(self),
                               error);
}

/* Recognising the head */

/* Detectors that this version cannot run, by the end of the name of a tensor */
static const struct {
    const char *witness, *family;
} others[] = {
    {"head.regression_head.bbox_ctrness.weight", "an FCOS"},
    {"head.classification_head.module_list.0.weight", "an SSD"},
    {"head.classification_head.cls_logits.weight", "a RetinaNet"},
    {"class_embed.weight", "a DETR"},
    {"class_embed.0.weight", "a DETR"},
    {"class_labels_classifier.weight", "a DETR"},
    {"roi_heads.keypoint_predictor.kps_score_lowres.weight", "a Keypoint R-CNN"},
    {"roi_heads.box_head.0.0.weight", "a Faster R-CNN with convolutions before fc6"},
    {"roi_head.bbox_head.0.fc_cls.weight", "a Cascade R-CNN of mmdetection"},
    {"rpn_head.rpn_cls.weight", "a Faster or Mask R-CNN of mmdetection"},
};

static gboolean ends_with(const char *name, const char *suffix)
{
    const gsize a = strlen(name), b = strlen(suffix);

    return a >= b && !strcmp(name + a - b, suffix) && (a == b || name[a - b - 1] == '.');
}

static gboolean refuse_others(const Loading *l)
{
    guint count;
    const CnxPart *parts = cnx_checkpoint_parts(l->base.checkpoint, &count);

    for (guint k = 0; k < G_N_ELEMENTS(others); k++)
        for (guint i = 0; i < count; i++) {
            g_autofree char *name = cnx_wrappers_strip(parts[i].tensor->name);

            if (parts[i].canonical || !ends_with(name, others[k].witness))
                continue;
            g_autofree char *quoted = cnx_quote(parts[i].tensor->name);
            g_set_error(l->base.error, CNX_ERROR, CNX_ERROR_UNSUPPORTED,
                        "%s: has the head of %s (tensor %s), which this version cannot run; "
                        "convnext runs its backbone",
                        l->base.file, others[k].family, quoted);
            return FALSE;
        }
    return TRUE;
}

static gboolean fail_missing(const Loading *l)
{
    const CnxConfig *config = cnx_checkpoint_config(l->base.checkpoint);
    const char *head = cnx_recognise_head(l->base.checkpoint);

    if (cnx_recognise_detector(l->base.checkpoint))
        g_set_error(l->base.error, CNX_ERROR, CNX_ERROR_NOT_CONVNEXT,
                    "%s: has no tensor \"" WITNESS "\", which a detector needs", l->base.file);
    else if (head)
        g_set_error(l->base.error, CNX_ERROR, CNX_ERROR_UNSUPPORTED,
                    "%s: has no rpn: it has the head of %s; use convnextsegment", l->base.file,
                    head);
    else
        g_set_error(l->base.error, CNX_ERROR, CNX_ERROR_UNSUPPORTED,
                    "%s: has no rpn: it is a %s; use "
                    "convnext",
                    l->base.file, config->classes > 0 ? "classifier" : "backbone without a head");
    return FALSE;
}

static gboolean find_tensors(Loading *l)
{
    g_autofree char *prefix = NULL;
    g_autoptr(GError) cause = NULL;

    if (!refuse_others(l))
        return FALSE;
    prefix = cnx_head_find(l->base.checkpoint, l->base.file, WITNESS, &cause);
    if (cause) {
        g_propagate_error(l->base.error, g_steal_pointer(&cause));
        return FALSE;
    }
    return prefix ? cnx_head_tensors_init(&l->base.tensors, l->base.checkpoint, l->base.file,
                                          prefix, l->base.error)
                  : fail_missing(l);
}

/* Loading */

static gboolean open_checkpoint(Loading *l)
{
    if (!cnx_head_choose_kernels(&l->base) || !cnx_head_open_checkpoint(&l->base))
        return FALSE;
    l->self->kernels = l->base.kernels;
    return TRUE;
}

static gboolean describe_head(Loading *l)
{
    CnxDetector *self = l->self;
    const gboolean is_folder = g_file_test(l->base.request->path, G_FILE_TEST_IS_DIR);
    g_autofree char *folder = g_path_get_dirname(cnx_checkpoint_files(l->base.checkpoint)[0]);
    CnxDetectorShape shape;

    if (!find_tensors(l) ||
        !cnx_detector_weights_detect(&self->weights, &l->base.tensors, cnx_head_form(&l->base),
                                     &shape, l->base.error))
        return FALSE;
    self->info = cnx_head_info_new();
    self->info->family = self->weights.mask_depth > 0 ? "Mask R-CNN" : "Faster R-CNN";
    self->info->library = "torchvision";
    self->info->classes = shape.classes;
    if (!cnx_detector_config_read(&self->config, &shape, cnx_checkpoint_config(l->base.checkpoint),
                                  folder, l->base.file, is_folder, self->info, l->base.error))
        return FALSE;
    if (self->weights.mask_depth > 0)
        cnx_head_info_assume(self->info, "mask_roi_pool=%u", CNX_DETECTOR_MASK_POOL);
    return cnx_head_check_used(&l->base.tensors, "roi_heads.", self->info->family, l->base.error) &&
           cnx_head_check_used(&l->base.tensors, "rpn.", self->info->family, l->base.error) &&
           cnx_head_check_used(&l->base.tensors, "backbone.fpn.", self->info->family,
                               l->base.error);
}

/* Asks whether that much memory is allowed, and packs. */
static gboolean pack_head(Loading *l)
{
    CnxDetector *self = l->self;
    gsize all;

    if (!g_size_checked_add(&all, cnx_weights_size(l->base.checkpoint, self->kernels, l->base.form),
                            cnx_detector_weights_size(&self->weights, self->kernels)))
        all = G_MAXSIZE;
    if (!cnx_head_is_allowed(l->base.request, cnx_checkpoint_config(l->base.checkpoint), all,
                             l->base.error) ||
        !cnx_detector_weights_pack(&self->weights, &l->base.tensors, self->kernels, l->base.error))
        return FALSE;
    cnx_checkpoint_release_pages(l->base.checkpoint);
    return TRUE;
}

static gboolean open_backbone(Loading *l)
{
    l->self->model = cnx_head_open_backbone(&l->base);
    return l->self->model != NULL;
}

static CnxShared *load_detector(gconstpointer data, GError **error)
{
    g_auto(Loading) l = {{.request = data, .error = error}, g_new0(CnxDetector, 1)};

    if (open_checkpoint(&l) && describe_head(&l) && pack_head(&l) && open_backbone(&l))
        return &l.self->shared;
    detector_free(&l.self->shared);
    return NULL;
}

static const CnxSharedClass detector_class = {make_key, load_detector, may_use, detector_free};

CnxDetector *cnx_detector_open(const char *path, const CnxOpenOptions *options,
                               CnxModelCheckFn *check, gpointer user_data, GError **error)
{
    const CnxHeadRequest request = {path, options, check, user_data};

    return (CnxDetector *)cnx_shared_open(&detector_class, &request, error);
}

CnxDetector *cnx_detector_ref(CnxDetector *self)
{
    cnx_shared_ref(&self->shared);
    return self;
}

void cnx_detector_unref(CnxDetector *self)
{
    if (self)
        cnx_shared_unref(&self->shared);
}

CnxModel *cnx_detector_backbone(const CnxDetector *detector)
{
    return detector->model;
}

const CnxHeadInfo *cnx_detector_info(const CnxDetector *detector)
{
    return detector->info;
}

gboolean cnx_detector_has_masks(const CnxDetector *detector)
{
    return detector->weights.mask_depth > 0;
}

guint cnx_detector_mask_side(const CnxDetector *detector)
{
    return cnx_detector_has_masks(detector) ? 2 * CNX_DETECTOR_MASK_POOL : 0;
}

gsize cnx_detector_memory(const CnxDetector *detector)
{
    return cnx_model_memory(detector->model) + detector->weights.memory_size;
}

/* Settings */

CnxDetectorSettings cnx_detector_settings(const CnxDetector *detector,
                                          const CnxDetectorSettings *requested)
{
    const CnxDetectorConfig *config = &detector->config;
    CnxDetectorSettings s = {.score_threshold = -1, .nms_threshold = -1, .masks = TRUE};

    if (requested)
        s = *requested;
    if (s.min_size == 0)
        s.min_size = config->min_size;
    if (s.max_size == 0)
        s.max_size = config->max_size;
    if (s.score_threshold < 0)
        s.score_threshold = config->score;
    if (s.nms_threshold < 0)
        s.nms_threshold = config->nms;
    if (s.max_objects == 0)
        s.max_objects = config->objects;
    if (s.proposals == 0)
        s.proposals = config->post_nms;
    s.max_objects = MIN(s.max_objects, CNX_DETECTOR_OBJECTS_MAX);
    s.proposals = MIN(s.proposals, CNX_DETECTOR_PROPOSALS_MAX);
    s.masks = s.masks && cnx_detector_has_masks(detector);
    return s;
}

gboolean cnx_detector_input(const CnxDetectorSettings *settings, guint width, guint height,
                            CnxDetectorInput *input, GError **error)
{
    const guint least = MIN(width, height), most = MAX(width, height);
    const double scale =
        least > 0 ? MIN((double)settings->min_size / least, (double)settings->max_size / most) : 0;
    const double w = floor(width * scale), h = floor(height * scale);

    if (!(w >= 1 && h >= 1 && w <= CNX_INPUT_MAX && h <= CNX_INPUT_MAX)) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                    "a frame of %ux%u pixels becomes an image of %.0fx%.0f with min-size %u and "
                    "max-size %u, expected sides of 1 to %u pixels",
                    width, height, w, h, settings->min_size, settings->max_size, CNX_INPUT_MAX);
        return FALSE;
    }
    *input = (CnxDetectorInput){(guint)w, (guint)h, ((guint)w + 31) / 32 * 32,
                                ((guint)h + 31) / 32 * 32};
    return TRUE;
}
