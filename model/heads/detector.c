/* Detectors, and the registry of those that this process holds.
 *
 * The key of a detector is its backbone: the registry of models (model/network/model.c) returns the
 * same CnxModel for the same files and options, and a detector keeps its backbone alive.
 *
 * The lock is POSIX's rather than GLib's because ThreadSanitizer understands it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <pthread.h>
#include <string.h>

#include "model/base/isa.h"
#include "model/checkpoint/locate.h"
#include "model/heads/detector_network.h"
#include "model/network/products.h"

#define WITNESS "rpn.head.cls_logits.weight"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static GHashTable *registry; /* CnxModel -> CnxDetector, not owned; NULL while empty */

static void detector_free(CnxDetector *detector)
{
    if (!detector)
        return;
    cnx_detector_weights_clear(&detector->weights);
    cnx_head_info_free(detector->info);
    cnx_model_unref(detector->model);
    g_free(detector);
}

/* Opening */

/* What is found in a checkpoint before anything is packed */
typedef struct Opening {
    const char *path;
    const CnxOpenOptions *options;
    CnxModelCheckFn *check;
    gpointer user_data;
    CnxCheckpoint *checkpoint;
    char *file, *folder;
    CnxHeadTensors tensors;
    CnxDetector *detector;
    GError **error;
} Opening;

static void opening_clear(Opening *o)
{
    detector_free(o->detector);
    if (o->tensors.tensors)
        cnx_head_tensors_clear(&o->tensors);
    cnx_checkpoint_close(o->checkpoint);
    g_free(o->file);
    g_free(o->folder);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Opening, opening_clear)

G_GNUC_PRINTF(3, 4)
static gboolean fail(const Opening *o, CnxError code, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(o->error, CNX_ERROR, code, "%s: %s", o->file, what);
    return FALSE;
}

/* Networks with other heads, by a tensor that only they have */
static const struct {
    const char *witness, *family;
} others[] = {
    {"head.classification_head.cls_logits.weight", "RetinaNet or FCOS"},
    {"head.classification_head.conv.0.weight", "FCOS"},
    {"head.classification_head.module_list.0.weight", "SSD"},
    {"class_embed.weight", "DETR"},
    {"class_labels_classifier.weight", "DETR"},
    {"roi_heads.keypoint_predictor.kps_score_lowres.weight", "Keypoint R-CNN"},
    {"roi_heads.box_head.0.0.weight", "Faster R-CNN with convolutions in its box head"},
};

static gboolean ends_with_name(const char *name, const char *suffix)
{
    const gsize a = strlen(name), b = strlen(suffix);

    return a >= b && !strcmp(name + a - b, suffix) && (a == b || name[a - b - 1] == '.');
}

static gboolean refuse_others(const Opening *o)
{
    guint count;
    const CnxPart *parts = cnx_checkpoint_parts(o->checkpoint, &count);

    for (guint i = 0; i < count; i++)
        for (guint k = 0; k < G_N_ELEMENTS(others); k++)
            if (ends_with_name(parts[i].tensor->name, others[k].witness)) {
                g_autofree char *name = cnx_quote(parts[i].tensor->name);

                return fail(o, CNX_ERROR_UNSUPPORTED,
                            "is a %s (tensor %s), expected a Faster R-CNN or Mask R-CNN of "
                            "torchvision",
                            others[k].family, name);
            }
    return TRUE;
}

static gboolean fail_missing(const Opening *o)
{
    const CnxConfig *config = cnx_checkpoint_config(o->checkpoint);

    return fail(o, CNX_ERROR_UNSUPPORTED, "has no %s: it is a %s; use %s", WITNESS,
                config->classes > 0 ? "classifier" : "backbone or has another head",
                config->classes > 0 ? "convnext" : "convnext or convnextsegment");
}

static gboolean find_tensors(Opening *o)
{
    if (!refuse_others(o))
        return FALSE;
    g_autofree char *prefix = cnx_head_find(o->checkpoint, o->file, WITNESS, o->error);
    if (!prefix)
        return *o->error ? FALSE : fail_missing(o);
    return cnx_head_tensors_init(&o->tensors, o->checkpoint, o->file, prefix, o->error);
}

/* Heads round their products as the backbone does, but never to 8 bits. */
static CnxForm find_form(const CnxKernels *kernels, CnxPrecision requested)
{
    return cnx_products_form(kernels,
                             requested == CNX_PRECISION_INT8 ? CNX_PRECISION_FP32 : requested);
}

static gboolean read_head(Opening *o)
{
    CnxDetector *detector = o->detector;
    const gboolean is_folder = g_file_test(o->path, G_FILE_TEST_IS_DIR);
    const CnxForm form = find_form(detector->kernels, o->options->precision);
    CnxDetectorShape shape;

    if (!cnx_detector_weights_detect(&detector->weights, &o->tensors, form, &shape, o->error) ||
        !cnx_detector_config_read(&detector->config, &shape, cnx_checkpoint_config(o->checkpoint),
                                  o->folder, o->file, is_folder, detector->info, o->error))
        return FALSE;
    const gboolean has_masks = detector->weights.mask_depth > 0;
    detector->info->family = has_masks ? "Mask R-CNN" : "Faster R-CNN";
    detector->info->library = "torchvision";
    detector->info->classes = shape.classes;
    if (has_masks)
        cnx_head_info_assume(detector->info, "mask_roi_pool=%u", CNX_DETECTOR_MASK_POOL);
    return cnx_head_check_used(&o->tensors, "roi_heads.", detector->info->family, o->error) &&
           cnx_head_check_used(&o->tensors, "rpn.", detector->info->family, o->error) &&
           cnx_head_check_used(&o->tensors, "backbone.fpn.", detector->info->family, o->error);
}

static gboolean open_checkpoint(Opening *o)
{
    o->checkpoint = cnx_checkpoint_open_with(o->path, o->options, o->error);
    if (!o->checkpoint)
        return FALSE;
    const char *weights = cnx_checkpoint_files(o->checkpoint)[0];
    o->file = g_filename_display_name(weights);
    o->folder = g_path_get_dirname(weights);
    o->detector->references = 1;
    o->detector->kernels = cnx_isa_kernels(o->error);
    o->detector->info = cnx_head_info_new();
    return o->detector->kernels && cnx_conv_check(o->error) && find_tensors(o) && read_head(o);
}

/* Adds the head's bytes to the backbone's. */
static gboolean check_model(const CnxConfig *config, gsize weights, gpointer user_data,
                            GError **error)
{
    const Opening *o = user_data;
    const CnxDetector *detector = o->detector;
    gsize bytes;

    if (!o->check)
        return TRUE;
    if (!g_size_checked_add(&bytes, weights,
                            cnx_detector_weights_size(&detector->weights, detector->kernels)))
        bytes = G_MAXSIZE;
    return o->check(config, bytes, o->user_data, error);
}

/* With the lock held: the detector that this process has, or the new one, packed and registered. */
static CnxDetector *find_or_pack(Opening *o)
{
    CnxDetector *found = registry ? g_hash_table_lookup(registry, o->detector->model) : NULL;

    if (found) {
        found->references++;
        return found;
    }
    if (!cnx_detector_weights_pack(&o->detector->weights, &o->tensors, o->detector->kernels,
                                   o->error))
        return NULL;
    if (!registry)
        registry = g_hash_table_new(NULL, NULL);
    g_hash_table_insert(registry, o->detector->model, o->detector);
    return g_steal_pointer(&o->detector);
}

CnxDetector *cnx_detector_open(const char *path, const CnxOpenOptions *options,
                               CnxModelCheckFn *check, gpointer user_data, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_auto(Opening) o = {.path = path,
                         .options = options,
                         .check = check,
                         .user_data = user_data,
                         .detector = g_new0(CnxDetector, 1),
                         .error = &cause};
    CnxDetector *detector = NULL;

    if (open_checkpoint(&o))
        o.detector->model = cnx_model_open_with(path, options, check_model, &o, &cause);
    if (o.detector->model) {
        pthread_mutex_lock(&lock);
        detector = find_or_pack(&o);
        pthread_mutex_unlock(&lock);
    }
    if (cause)
        g_propagate_error(error, g_steal_pointer(&cause));
    return detector;
}

CnxDetector *cnx_detector_ref(CnxDetector *detector)
{
    pthread_mutex_lock(&lock);
    detector->references++;
    pthread_mutex_unlock(&lock);
    return detector;
}

void cnx_detector_unref(CnxDetector *detector)
{
    gboolean last;

    if (!detector)
        return;
    pthread_mutex_lock(&lock);
    last = --detector->references == 0;
    if (last) {
        g_hash_table_remove(registry, detector->model);
        if (g_hash_table_size(registry) == 0)
            g_clear_pointer(&registry, g_hash_table_destroy);
    }
    pthread_mutex_unlock(&lock);
    if (last)
        detector_free(detector);
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
