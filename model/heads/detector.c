/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "model/dialect/wrappers.h"
#include "model/heads/detector_network.h"
#include "model/heads/loading.h"
#include "model/heads/recognise.h"
#include "model/network/weights.h"

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

static const CnxDetectorRules *const libraries[] = {&cnx_detector_torchvision,
                                                    &cnx_detector_mmdetection};

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
                    "%s: has no tensor \"%s\" (%s) or \"%s\" (%s), which a detector needs",
                    l->base.file, libraries[0]->witness, libraries[0]->library,
                    libraries[1]->witness, libraries[1]->library);
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

/* The library whose names the tensors have, and what precedes them. FALSE with error. */
static gboolean find_library(Loading *l, char **prefix)
{
    CnxDetector *self = l->self;

    for (guint i = 0; i < G_N_ELEMENTS(libraries); i++) {
        g_autoptr(GError) cause = NULL;
        g_autofree char *found =
            cnx_head_find(l->base.checkpoint, l->base.file, libraries[i]->witness, &cause);

        if (cause) {
            g_propagate_error(l->base.error, g_steal_pointer(&cause));
            return FALSE;
        }
        if (found && self->rules) {
            g_set_error(l->base.error, CNX_ERROR, CNX_ERROR_UNSUPPORTED,
                        "%s: has two heads (tensors \"%s%s\" and \"%s%s\"): keep only one",
                        l->base.file, *prefix, self->rules->witness, found, libraries[i]->witness);
            return FALSE;
        }
        if (found) {
            self->rules = libraries[i];
            *prefix = g_steal_pointer(&found);
        }
    }
    return self->rules || fail_missing(l);
}

static gboolean find_tensors(Loading *l)
{
    g_autofree char *prefix = NULL;

    return refuse_others(l) && find_library(l, &prefix) &&
           cnx_head_tensors_init(&l->base.tensors, l->base.checkpoint, l->base.file, prefix,
                                 l->base.error);
}

/* Loading */

static gboolean open_checkpoint(Loading *l)
{
    if (!cnx_head_choose_kernels(&l->base) || !cnx_head_open_checkpoint(&l->base))
        return FALSE;
    l->self->kernels = l->base.kernels;
    return TRUE;
}

static const char *find_family(const CnxDetectorWeights *weights)
{
    static const char *const families[2][2] = {{"Faster R-CNN", "Mask R-CNN"},
                                               {"Cascade R-CNN", "Cascade Mask R-CNN"}};

    return families[weights->stages > 1][weights->mask[0].depth > 0];
}

static const char *find_library_name(const Loading *l)
{
    const CnxConfig *backbone = cnx_checkpoint_config(l->base.checkpoint);

    return l->self->rules == &cnx_detector_mmdetection && backbone->dialect == CNX_DIALECT_FACEBOOK
               ? "facebookresearch"
               : l->self->rules->library;
}

static gboolean check_used(const Loading *l)
{
    for (const char *const *part = l->self->rules->names.parts; *part; part++)
        if (!cnx_head_check_used(&l->base.tensors, *part, l->self->info->family, l->base.error))
            return FALSE;
    return TRUE;
}

static gboolean describe_head(Loading *l)
{
    CnxDetector *self = l->self;
    const gboolean is_folder = g_file_test(l->base.request->path, G_FILE_TEST_IS_DIR);
    g_autofree char *folder = g_path_get_dirname(cnx_checkpoint_files(l->base.checkpoint)[0]);
    CnxDetectorShape shape;

    if (!find_tensors(l) ||
        !cnx_detector_weights_detect(&self->weights, &l->base.tensors, self->rules,
                                     cnx_head_form(&l->base), &shape, l->base.error))
        return FALSE;
    self->info = cnx_head_info_new();
    self->info->family = find_family(&self->weights);
    self->info->library = find_library_name(l);
    self->info->classes = shape.classes;
    if (!cnx_detector_config_read(&self->config, &shape, cnx_checkpoint_config(l->base.checkpoint),
                                  folder, l->base.file, is_folder, self->info, l->base.error))
        return FALSE;
    cnx_head_info_add_dataset(self->info, cnx_checkpoint_dataset(l->base.checkpoint), l->base.file);
    if (cnx_detector_has_masks(self))
        cnx_head_info_assume(self->info, "mask_roi_pool=%u", CNX_DETECTOR_MASK_POOL);
    return check_used(l);
}

/* Asks whether that much memory is allowed, and packs. */
static gboolean pack_head(Loading *l)
{
    CnxDetector *self = l->self;
    gsize all;

    if (!g_size_checked_add(&all, cnx_weights_size(l->base.checkpoint, self->kernels, l->base.form),
                            cnx_detector_weights_size(&self->weights, self->rules, self->kernels)))
        all = G_MAXSIZE;
    if (!cnx_head_is_allowed(l->base.request, cnx_checkpoint_config(l->base.checkpoint), all,
                             l->base.error) ||
        !cnx_detector_weights_pack(&self->weights, &l->base.tensors, self->rules, self->kernels,
                                   l->base.error))
        return FALSE;
    cnx_checkpoint_release_pages(l->base.checkpoint);
    self->info->tensors = cnx_head_list_read(&l->base.tensors);
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

const CnxDetectorConfig *cnx_detector_config(const CnxDetector *detector)
{
    return &detector->config;
}

CnxDetectorLayers cnx_detector_layers(const CnxDetector *detector)
{
    const CnxDetectorWeights *weights = &detector->weights;
    CnxDetectorLayers layers = {.channels = weights->inner[0].n,
                                .rpn_convs = weights->rpn_depth,
                                .box_side = weights->box_side,
                                .stages = weights->stages,
                                .mask_convs = weights->mask[0].depth,
                                .mask_side = cnx_detector_mask_side(detector)};

    layers.box_convs = weights->box[0].conv_depth;
    layers.box_linears = weights->box[0].fc_depth;
    return layers;
}

gboolean cnx_detector_has_masks(const CnxDetector *detector)
{
    return detector->weights.mask[0].depth > 0;
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

CnxPasting cnx_detector_pasting(const CnxDetector *detector)
{
    return detector->rules->pasting;
}
