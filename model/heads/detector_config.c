/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/heads/detector_config.h"

#include <string.h>

#include "model/config/labels.h"
#include "model/heads/detector.h"
#include "model/heads/detector_levels.h"
#include "model/heads/detector_mm_config.h"
#include "model/heads/detector_rules.h"

#define MULTIPLE 32 /* of the sides of the padded image */

/* The defaults of all libraries. box_weights: a single head has those of a cascade's first.
 * mmdetection writes them as deviations, 1 / weight: 0.1, 0.05 and 0.033, for sizes 0.2, 0.1 and
 * 0.067. */
static const CnxDetectorConfig defaults = {
    .min_size = 800,
    .max_size = 1333,
    .mean = {0.485f, 0.456f, 0.406f},
    .std = {0.229f, 0.224f, 0.225f},
    .pre_nms = 1000,
    .post_nms = 1000,
    .rpn_nms = 0.7,
    .rpn_score = 0,
    .box_weights = {{10, 10, 5, 5},
                    {20, 20, 10, 10},
                    {1 / 0.033f, 1 / 0.033f, 1 / 0.067f, 1 / 0.067f}},
    .score = 0.05,
    .nms = 0.5,
    .objects = 100,
};

static const CnxJsonRange fraction = {0, TRUE, 1, "a number from 0 to 1"};
static const CnxJsonRange positive = {0, FALSE, 1e6, "a positive number of at most 1000000"};
static const CnxJsonRange any = {-1e6, FALSE, 1e6, "a number above -1000000"};

/* Arguments of the training, which change no result */
static const char *const training[] = {
    "rpn_pre_nms_top_n_train", "rpn_post_nms_top_n_train",  "rpn_fg_iou_thresh",
    "rpn_bg_iou_thresh",       "rpn_batch_size_per_image",  "rpn_positive_fraction",
    "box_fg_iou_thresh",       "box_bg_iou_thresh",         "box_batch_size_per_image",
    "box_positive_fraction",   "trainable_backbone_layers", NULL,
};

static const char *const known[] = {
    "min_size",
    "max_size",
    "size_divisible",
    "fixed_size",
    "image_mean",
    "image_std",
    "num_classes",
    "out_channels",
    "in_channels_list",
    "rpn_pre_nms_top_n_test",
    "rpn_post_nms_top_n_test",
    "rpn_nms_thresh",
    "rpn_score_thresh",
    "box_score_thresh",
    "box_nms_thresh",
    "box_detections_per_img",
    "bbox_reg_weights",
    "anchor_sizes",
    "aspect_ratios",
    "featmap_names",
    "return_layers",
    "sampling_ratio",
    "id2label",
    NULL,
};

/* How the name of an argument of a detector begins */
static const char *const beginnings[] = {
    "rpn_",   "box_",   "bbox_",  "roi_", "mask_", "anchor", "aspect", "featmap",    "return_",
    "image_", "fixed_", "score_", "nms_", "min_",  "max_",   "size_",  "detections", "sampling",
};

static gboolean looks_like_argument(const char *key)
{
    for (gsize i = 0; i < G_N_ELEMENTS(beginnings); i++)
        if (g_str_has_prefix(key, beginnings[i]))
            return TRUE;
    return FALSE;
}

/* A misspelt argument would otherwise leave its default in place without a word. */
static gboolean check_keys(const CnxJson *json)
{
    g_autoptr(GList) keys = json_object_get_members(json->object);

    for (const GList *k = keys; k; k = k->next) {
        const char *key = k->data;

        if (!g_strv_contains(known, key) && !g_strv_contains(training, key) &&
            looks_like_argument(key)) {
            g_autofree char *words = g_strjoinv(", ", (char **)known), *quoted = cnx_quote(key);

            return cnx_json_fail(json, CNX_ERROR_UNSUPPORTED, "",
                                 "key %s is no argument of a detector that is known here, expected "
                                 "one of %s",
                                 quoted, words);
        }
    }
    return TRUE;
}

static gboolean read_double(const CnxJson *json, const char *key, double *value)
{
    float rounded;

    if (!cnx_json_has(json, key))
        return TRUE;
    if (!cnx_json_floats(json, key, fraction, 1, &rounded))
        return FALSE;
    JsonNode *node = json_object_get_member(json->object, key);
    *value = JSON_NODE_HOLDS_VALUE(node) ? json_node_get_double(node) : (double)rounded;
    return TRUE;
}

/* A list is what the training chooses from; the last one is for inference. */
static gboolean read_min_size(const CnxJson *json, guint *value)
{
    JsonNode *node = json_object_get_member(json->object, "min_size");
    JsonArray *list = node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;

    if (!list)
        return cnx_json_uint(json, "min_size", 1, CNX_INPUT_MAX, value);
    const guint count = json_array_get_length(list);
    g_autofree guint *sizes = g_new0(guint, MAX(count, 1));
    if (!cnx_json_uints(json, "min_size", count, sizes))
        return FALSE;
    if (count == 0 || sizes[count - 1] == 0 || sizes[count - 1] > CNX_INPUT_MAX)
        return cnx_json_fail_expected(json, CNX_ERROR_CORRUPT, "min_size",
                                      "a size in pixels, or an array of them");
    *value = sizes[count - 1];
    return TRUE;
}

static gboolean read_sizes(const CnxJson *json, CnxDetectorConfig *self)
{
    guint divisible = 32;

    if (!read_min_size(json, &self->min_size) ||
        !cnx_json_uint(json, "max_size", 1, CNX_INPUT_MAX, &self->max_size) ||
        !cnx_json_uint(json, "size_divisible", 1, CNX_INPUT_MAX, &divisible) ||
        !cnx_json_floats(json, "image_mean", any, 3, self->mean) ||
        !cnx_json_floats(json, "image_std", positive, 3, self->std))
        return FALSE;
    if (divisible != MULTIPLE)
        return cnx_json_fail_expected(json, CNX_ERROR_UNSUPPORTED, "size_divisible", "32");
    if (cnx_json_has(json, "fixed_size"))
        return cnx_json_fail_expected(json, CNX_ERROR_UNSUPPORTED, "fixed_size",
                                      "null: the image keeps the aspect of the frame");
    return TRUE;
}

static gboolean check_number(const CnxJson *json, const char *key, guint weights)
{
    guint value = weights;

    if (!cnx_json_uint(json, key, 0, G_MAXINT, &value))
        return FALSE;
    return value == weights || cnx_json_fail(json, CNX_ERROR_MISMATCH, key,
                                             "is %u, but the weights have %u", value, weights);
}

static gboolean check_widths(const CnxJson *json, const CnxDetectorShape *shape)
{
    guint widths[CNX_DETECTOR_INNER];

    memcpy(widths, shape->widths, sizeof widths);
    if (!cnx_json_uints(json, "in_channels_list", shape->inner, widths))
        return FALSE;
    for (guint i = 0; i < shape->inner; i++)
        if (widths[i] != shape->widths[i])
            return cnx_json_fail(json, CNX_ERROR_MISMATCH, "in_channels_list",
                                 "is %u for level %u, but the weights have %u", widths[i], i,
                                 shape->widths[i]);
    return TRUE;
}

/* Four numbers, or four for each head of a cascade. */
static gboolean read_box_weights(const CnxJson *json, CnxDetectorConfig *self, guint stages)
{
    static const char key[] = "bbox_reg_weights";
    JsonNode *node = cnx_json_has(json, key) ? json_object_get_member(json->object, key) : NULL;
    JsonArray *list = node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;

    if (stages == 1 || !node)
        return cnx_json_floats(json, key, positive, 4, self->box_weights[0]);
    if (!list || json_array_get_length(list) != stages)
        return cnx_json_fail(json, CNX_ERROR_MISMATCH, key,
                             "is not an array with four numbers for each of the %u box heads",
                             stages);
    for (guint i = 0; i < stages; i++) {
        g_autoptr(JsonObject) one = json_object_new();
        const CnxJson inner = {one, json->file, json->error, json->budget};

        json_object_set_member(one, key, json_array_dup_element(list, i));
        if (!cnx_json_floats(&inner, key, positive, 4, self->box_weights[i]))
            return FALSE;
    }
    return TRUE;
}

static gboolean read_thresholds(const CnxJson *json, CnxDetectorConfig *self)
{
    return cnx_json_uint(json, "rpn_pre_nms_top_n_test", 1, CNX_DETECTOR_PROPOSALS_MAX,
                         &self->pre_nms) &&
           cnx_json_uint(json, "rpn_post_nms_top_n_test", 1, CNX_DETECTOR_PROPOSALS_MAX,
                         &self->post_nms) &&
           read_double(json, "rpn_nms_thresh", &self->rpn_nms) &&
           read_double(json, "rpn_score_thresh", &self->rpn_score) &&
           read_double(json, "box_score_thresh", &self->score) &&
           read_double(json, "box_nms_thresh", &self->nms) &&
           cnx_json_uint(json, "box_detections_per_img", 1, CNX_DETECTOR_OBJECTS_MAX,
                         &self->objects) &&
           cnx_json_uint(json, "sampling_ratio", 0, CNX_DETECTOR_SAMPLING_MAX, &self->sampling);
}

/* Removes the background from the names of classes + 1. See cnx_detector_labels_read(). */
static char **without_background(char **all, guint classes)
{
    static const char *const names[] = {"background", "__background__", "bg", NULL};
    g_autofree char *last = g_ascii_strdown(all[classes], -1);
    const guint background = g_strv_contains(names, last) ? classes : 0;

    g_free(all[background]);
    memmove(all + background, all + background + 1, (classes - background + 1) * sizeof *all);
    return all;
}

char **cnx_detector_labels_read(const char *path, guint classes, GError **error)
{
    char **all = cnx_labels_read(path, classes + 1, NULL);

    return all ? without_background(all, classes) : cnx_labels_read(path, classes, error);
}

/* The same for the key of a config. */
static gboolean read_labels(const CnxJson *json, guint classes, char ***labels)
{
    g_autoptr(GError) cause = NULL;
    const CnxJson quiet = {json->object, json->file, &cause, json->budget};
    char **all = NULL;

    if (cnx_labels_read_json(&quiet, "id2label", NULL, classes + 1, &all)) {
        if (all) {
            g_strfreev(*labels);
            *labels = without_background(all, classes);
        }
        return TRUE;
    }
    return cnx_labels_read_json(json, "id2label", NULL, classes, labels);
}

/* Assumed values */

static void assume(CnxHeadInfo *info, const CnxJson *json, const char *key, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

static void assume(CnxHeadInfo *info, const CnxJson *json, const char *key, const char *format, ...)
{
    va_list arguments;

    if (json && cnx_json_has(json, key))
        return;
    va_start(arguments, format);
    g_autofree char *value = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    cnx_head_info_assume(info, "%s=%s", key, value);
}

/* Lists the weights of the boxes for each of the stages. */
static void list_assumed(const CnxDetectorConfig *self, const CnxJson *json, guint stages,
                         CnxHeadInfo *info)
{
    assume(info, json, "min_size", "%u", self->min_size);
    assume(info, json, "max_size", "%u", self->max_size);
    assume(info, json, "image_mean", "%g,%g,%g", (double)self->mean[0], (double)self->mean[1],
           (double)self->mean[2]);
    assume(info, json, "image_std", "%g,%g,%g", (double)self->std[0], (double)self->std[1],
           (double)self->std[2]);
    assume(info, json, "rpn_pre_nms_top_n_test", "%u", self->pre_nms);
    assume(info, json, "rpn_post_nms_top_n_test", "%u", self->post_nms);
    assume(info, json, "rpn_nms_thresh", "%g", self->rpn_nms);
    assume(info, json, "rpn_score_thresh", "%g", self->rpn_score);
    assume(info, json, "box_score_thresh", "%g", self->score);
    assume(info, json, "box_nms_thresh", "%g", self->nms);
    assume(info, json, "box_detections_per_img", "%u", self->objects);
    for (guint i = 0; i < stages; i++) {
        const float *weights = self->box_weights[i];

        assume(info, json, "bbox_reg_weights", "%g,%g,%g,%g", (double)weights[0],
               (double)weights[1], (double)weights[2], (double)weights[3]);
    }
    assume(info, json, "sampling_ratio", "%u", self->sampling);
}

static gboolean read_arguments(CnxDetectorConfig *self, const CnxDetectorShape *shape,
                               const CnxJson *json)
{
    return check_keys(json) && read_sizes(json, self) && read_thresholds(json, self) &&
           read_box_weights(json, self, shape->stages) &&
           check_number(json, "num_classes", shape->classes + 1) &&
           check_number(json, "out_channels", shape->channels) && check_widths(json, shape);
}

/* Files of another network: an error in a folder, otherwise a sentence in info. Takes cause. */
static gboolean refuse_or_ignore(GError *cause, gboolean strict, CnxHeadInfo *info, GError **error)
{
    if (strict) {
        g_propagate_error(error, cause);
        return FALSE;
    }
    cnx_head_info_ignore(info, cause->message);
    g_error_free(cause);
    return TRUE;
}

/* Whether the config is of another library. Sets error. */
static gboolean is_foreign(const CnxJson *json, const char *library)
{
    static const char *const keys[] = {"model_type", "architecture", "_model_class"};

    for (guint i = 0; i < G_N_ELEMENTS(keys); i++)
        if (cnx_json_has(json, keys[i]))
            return !cnx_json_fail(
                json, CNX_ERROR_MISMATCH, keys[i],
                "belongs to another library, but the tensors have the names of %s", library);
    return FALSE;
}

/* Reads the names of the classes; those of another number of classes belong to another network. */
static gboolean read_names(const CnxJson *json, const CnxDetectorShape *shape, gboolean strict,
                           CnxHeadInfo *info)
{
    GError *cause = NULL;
    const CnxJson quiet = {json->object, json->file, &cause, json->budget};

    if (read_labels(&quiet, shape->classes, &info->labels))
        return TRUE;
    return refuse_or_ignore(cause, strict || !g_error_matches(cause, CNX_ERROR, CNX_ERROR_MISMATCH),
                            info, json->error);
}

/* labels.txt: like id2label. */
static gboolean load_labels(const char *folder, guint classes, gboolean strict, CnxHeadInfo *info,
                            GError **error)
{
    g_autofree char *path = g_build_filename(folder, "labels.txt", NULL);
    GError *cause = NULL;

    if (info->labels || !g_file_test(path, G_FILE_TEST_EXISTS))
        return TRUE;
    info->labels = cnx_detector_labels_read(path, classes, &cause);
    return info->labels || refuse_or_ignore(cause, strict, info, error);
}

/* NULL with json's error. */
static JsonObject *fail_mm(const CnxJson *json, const char *library)
{
    cnx_json_fail(json, CNX_ERROR_MISMATCH, "",
                  "is a config of mmdetection, but the tensors have the names of %s", library);
    return NULL;
}

/* Sets *object to the config of this network, or to NULL if there is none. FALSE with error. */
static gboolean load_config(JsonObject **object, const char *folder, char **name,
                            const char *library, gboolean strict, CnxBudget *budget,
                            CnxHeadInfo *info, GError **error)
{
    g_autofree char *path = g_build_filename(folder, "config.json", NULL);
    GError *cause = NULL;

    *name = g_filename_display_name(path);
    *object = cnx_json_load(path, budget, &cause);
    if (cause) {
        g_propagate_error(error, cause);
        return FALSE;
    }
    const CnxJson json = {*object, *name, &cause, budget};
    if (*object && cnx_detector_mm_is_config(*object)) {
        JsonObject *translated = g_str_equal(library, cnx_detector_mmdetection.library)
                                     ? cnx_detector_mm_config(&json)
                                     : fail_mm(&json, library);

        json_object_unref(*object);
        *object = translated;
        return translated || refuse_or_ignore(cause, strict, info, error);
    }
    if (!*object || !is_foreign(&json, library))
        return TRUE;
    g_clear_pointer(object, json_object_unref);
    return refuse_or_ignore(cause, strict, info, error);
}

gboolean cnx_detector_config_apply(CnxDetectorConfig *self, const CnxDetectorShape *shape,
                                   const CnxConfig *backbone, const CnxJson *json, const char *file,
                                   gboolean strict, CnxHeadInfo *info, GError **error)
{
    *self = defaults;
    self->sampling = shape->rules->sampling;
    if ((json && (!read_arguments(self, shape, json) || !read_names(json, shape, strict, info))) ||
        !cnx_detector_levels_read(self, shape, backbone, json, file, info, error))
        return FALSE;
    list_assumed(self, json, shape->stages, info);
    info->recipe = backbone->recipe;
    cnx_recipe_set_fit(&info->recipe, self->min_size, self->max_size, MULTIPLE);
    info->recipe.resampling = shape->rules->resampling;
    memcpy(info->recipe.mean, self->mean, sizeof self->mean);
    memcpy(info->recipe.std, self->std, sizeof self->std);
    return TRUE;
}

gboolean cnx_detector_config_read(CnxDetectorConfig *self, const CnxDetectorShape *shape,
                                  const CnxConfig *backbone, const char *folder, const char *file,
                                  gboolean strict, CnxHeadInfo *info, GError **error)
{
    g_autofree char *name = NULL;
    g_autoptr(JsonObject) object = NULL;
    CnxBudget budget = {CNX_BUDGET_FIXED};

    if (!load_config(&object, folder, &name, shape->rules->library, strict, &budget, info, error))
        return FALSE;
    const CnxJson json = {object, name, error, &budget};
    return cnx_detector_config_apply(self, shape, backbone, object ? &json : NULL, file, strict,
                                     info, error) &&
           load_labels(folder, shape->classes, strict, info, error);
}
