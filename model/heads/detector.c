/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include "model/base/isa.h"
#include "model/dialect/wrappers.h"
#include "model/heads/detector_network.h"
#include "model/heads/recognise.h"
#include "model/network/products.h"
#include "model/network/weights.h"

#define WITNESS "rpn.head.cls_logits.weight"

/* What to open */
typedef struct Request {
    const char *path;
    const CnxOpenOptions *options;
    CnxModelCheckFn *check; /* may be NULL */
    gpointer user_data;
} Request;

/* State of load_detector() */
typedef struct Loading {
    const Request *request;
    CnxDetector *self;
    CnxCheckpoint *checkpoint;
    CnxHeadTensors tensors;
    CnxForm form; /* of the backbone's products */
    char *file;   /* for messages */
    char *key;    /* of the model, when the checkpoint was opened */
    GError **error;
} Loading;

static void loading_clear(Loading *l)
{
    cnx_head_tensors_clear(&l->tensors);
    cnx_checkpoint_close(l->checkpoint);
    g_free(l->file);
    g_free(l->key);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Loading, loading_clear)

static void detector_free(CnxShared *shared)
{
    g_autofree CnxDetector *self = (CnxDetector *)shared;

    cnx_detector_weights_clear(&self->weights);
    cnx_head_info_free(self->info);
    cnx_model_unref(self->model);
}

static char *make_key(gconstpointer data)
{
    const Request *request = data;
    g_autofree char *key = cnx_model_key(request->path, request->options);

    return key ? g_strconcat("detector|", key, NULL) : NULL;
}

static gboolean is_allowed(const Request *request, const CnxConfig *config, gsize weights,
                           GError **error)
{
    return !request->check || request->check(config, weights, request->user_data, error);
}

static gboolean may_use(const CnxShared *shared, gconstpointer data, GError **error)
{
    const CnxDetector *self = (const CnxDetector *)shared;

    return is_allowed(data, cnx_model_config(self->model), cnx_detector_memory(self), error);
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
    const CnxPart *parts = cnx_checkpoint_parts(l->checkpoint, &count);

    for (guint k = 0; k < G_N_ELEMENTS(others); k++)
        for (guint i = 0; i < count; i++) {
            g_autofree char *name = cnx_wrappers_strip(parts[i].tensor->name);

            if (parts[i].canonical || !ends_with(name, others[k].witness))
                continue;
            g_autofree char *quoted = cnx_quote(parts[i].tensor->name);
            g_set_error(l->error, CNX_ERROR, CNX_ERROR_UNSUPPORTED,
                        "%s: has the head of %s (tensor %s), which this version cannot run; "
                        "convnext runs its backbone",
                        l->file, others[k].family, quoted);
            return FALSE;
        }
    return TRUE;
}

static gboolean fail_missing(const Loading *l)
{
    const CnxConfig *config = cnx_checkpoint_config(l->checkpoint);
    const char *head = cnx_recognise_head(l->checkpoint);

    if (cnx_recognise_detector(l->checkpoint))
        g_set_error(l->error, CNX_ERROR, CNX_ERROR_NOT_CONVNEXT,
                    "%s: has no tensor \"" WITNESS "\", which a detector needs", l->file);
    else if (head)
        g_set_error(l->error, CNX_ERROR, CNX_ERROR_UNSUPPORTED,
                    "%s: has no rpn: it has the head of %s; use convnextsegment", l->file, head);
    else
        g_set_error(l->error, CNX_ERROR, CNX_ERROR_UNSUPPORTED,
                    "%s: has no rpn: it is a %s; use "
                    "convnext",
                    l->file, config->classes > 0 ? "classifier" : "backbone without a head");
    return FALSE;
}

static gboolean find_tensors(Loading *l)
{
    g_autofree char *prefix = NULL;
    g_autoptr(GError) cause = NULL;

    if (!refuse_others(l))
        return FALSE;
    prefix = cnx_head_find(l->checkpoint, l->file, WITNESS, &cause);
    if (cause) {
        g_propagate_error(l->error, g_steal_pointer(&cause));
        return FALSE;
    }
    return prefix ? cnx_head_tensors_init(&l->tensors, l->checkpoint, l->file, prefix, l->error)
                  : fail_missing(l);
}

/* Loading */

static gboolean open_checkpoint(Loading *l)
{
    const Request *request = l->request;

    if (!cnx_conv_check(l->error) ||
        !cnx_model_find_form(request->options->precision, &l->form, l->error))
        return FALSE;
    l->self->kernels = cnx_isa_kernels(l->error);
    l->key = cnx_model_key(request->path, request->options);
    l->checkpoint = cnx_checkpoint_open_with(request->path, request->options, l->error);
    if (!l->checkpoint)
        return FALSE;
    l->file = g_filename_display_name(cnx_checkpoint_files(l->checkpoint)[0]);
    return TRUE;
}

/* int8 is the backbone's alone: the head's products stay in fp32. */
static CnxForm head_form(const Loading *l)
{
    return l->form == CNX_FORM_INT8 ? cnx_products_form(l->self->kernels, CNX_PRECISION_FP32)
                                    : l->form;
}

static gboolean describe_head(Loading *l)
{
    CnxDetector *self = l->self;
    const gboolean is_folder = g_file_test(l->request->path, G_FILE_TEST_IS_DIR);
    g_autofree char *folder = g_path_get_dirname(cnx_checkpoint_files(l->checkpoint)[0]);
    CnxDetectorShape shape;

    if (!find_tensors(l) ||
        !cnx_detector_weights_detect(&self->weights, &l->tensors, head_form(l), &shape, l->error))
        return FALSE;
    self->info = cnx_head_info_new();
    self->info->family = self->weights.mask_depth > 0 ? "Mask R-CNN" : "Faster R-CNN";
    self->info->library = "torchvision";
    self->info->classes = shape.classes;
    if (!cnx_detector_config_read(&self->config, &shape, cnx_checkpoint_config(l->checkpoint),
                                  folder, l->file, is_folder, self->info, l->error))
        return FALSE;
    if (self->weights.mask_depth > 0)
        cnx_head_info_assume(self->info, "mask_roi_pool=%u", CNX_DETECTOR_MASK_POOL);
    return cnx_head_check_used(&l->tensors, "roi_heads.", self->info->family, l->error) &&
           cnx_head_check_used(&l->tensors, "rpn.", self->info->family, l->error) &&
           cnx_head_check_used(&l->tensors, "backbone.fpn.", self->info->family, l->error);
}

/* Asks whether that much memory is allowed, and packs. */
static gboolean pack_head(Loading *l)
{
    CnxDetector *self = l->self;
    gsize all;

    if (!g_size_checked_add(&all, cnx_weights_size(l->checkpoint, self->kernels, l->form),
                            cnx_detector_weights_size(&self->weights, self->kernels)))
        all = G_MAXSIZE;
    if (!is_allowed(l->request, cnx_checkpoint_config(l->checkpoint), all, l->error) ||
        !cnx_detector_weights_pack(&self->weights, &l->tensors, self->kernels, l->error))
        return FALSE;
    cnx_checkpoint_release_pages(l->checkpoint);
    return TRUE;
}

/* The backbone is a model of its own, so that an element that runs only the backbone shares its
 * weights. */
static gboolean open_backbone(Loading *l)
{
    const Request *request = l->request;
    g_autofree char *key = NULL;

    l->self->model = cnx_model_open_with(request->path, request->options, NULL, NULL, l->error);
    if (!l->self->model)
        return FALSE;
    key = cnx_model_key(request->path, request->options);
    if (g_strcmp0(key, l->key) == 0)
        return TRUE;
    g_set_error(l->error, CNX_ERROR, CNX_ERROR_CORRUPT, "%s: changed while it was read", l->file);
    return FALSE;
}

static CnxShared *load_detector(gconstpointer data, GError **error)
{
    g_auto(Loading) l = {.request = data, .self = g_new0(CnxDetector, 1), .error = error};

    if (open_checkpoint(&l) && describe_head(&l) && pack_head(&l) && open_backbone(&l))
        return &l.self->shared;
    detector_free(&l.self->shared);
    return NULL;
}

static const CnxSharedClass detector_class = {make_key, load_detector, may_use, detector_free};

CnxDetector *cnx_detector_open(const char *path, const CnxOpenOptions *options,
                               CnxModelCheckFn *check, gpointer user_data, GError **error)
{
    const Request request = {path, options, check, user_data};

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
