/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/heads/detector_mm_config.h"

#define NUMBERS_MAX 32 /* in an array */

/* One object of the configuration, and the new one */
typedef struct Section {
    CnxJson json;
    JsonObject *out;
} Section;

static const CnxJsonRange positive = {0, FALSE, 1e6, "a positive number of at most 1000000"};
static const CnxJsonRange any = {-1e6, FALSE, 1e6, "a number above -1000000"};

gboolean cnx_detector_mm_is_config(JsonObject *object)
{
    static const char *const keys[] = {"model", "test_cfg", "img_norm_cfg"};

    for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
        JsonNode *node = json_object_get_member(object, keys[i]);

        if (node && JSON_NODE_HOLDS_OBJECT(node))
            return TRUE;
    }
    return FALSE;
}

/* The section under a key; without one, an empty object of the empty section. */
static Section child_of(const Section *s, const char *key)
{
    Section child = *s;

    child.json.object = s->json.object ? cnx_json_child(&s->json, key) : NULL;
    return child;
}

static gboolean has(const Section *s, const char *key)
{
    return s->json.object && cnx_json_has(&s->json, key);
}

/* Copies a value, which the reader of the new object checks. */
static void copy(const Section *s, const char *key, const char *name)
{
    if (has(s, key))
        json_object_set_member(s->out, name, json_object_dup_member(s->json.object, key));
}

/* FALSE with error if a key has another truth value than the one that is computed here. */
static gboolean check_truth(const Section *s, const char *key, gboolean expected)
{
    return !has(s, key) || cnx_json_truth(&s->json, key, expected) == expected ||
           cnx_json_fail_expected(&s->json, CNX_ERROR_UNSUPPORTED, key,
                                  expected ? "true" : "false");
}

/* The same for a number. */
static gboolean check_number(const Section *s, const char *key, float expected)
{
    float value = expected;

    if (!has(s, key))
        return TRUE;
    if (!cnx_json_floats(&s->json, key, any, 1, &value))
        return FALSE;
    g_autofree char *text = g_strdup_printf("%g", (double)expected);
    return value == expected || cnx_json_fail_expected(&s->json, CNX_ERROR_UNSUPPORTED, key, text);
}

/* Reads a number or an array of up to NUMBERS_MAX. 0 without one; -1 with error. */
static int read_numbers(const Section *s, const char *key, float *values)
{
    JsonNode *node = has(s, key) ? json_object_get_member(s->json.object, key) : NULL;
    const guint count = !node ? 0
                        : JSON_NODE_HOLDS_ARRAY(node)
                            ? json_array_get_length(json_node_get_array(node))
                            : 1;

    if (count > NUMBERS_MAX || (node && count == 0)) {
        cnx_json_fail_expected(&s->json, CNX_ERROR_UNSUPPORTED, key, "an array of 1 to 32 numbers");
        return -1;
    }
    return count == 0 || cnx_json_floats(&s->json, key, any, count, values) ? (int)count : -1;
}

static JsonArray *array_of(const float *values, guint count, float factor)
{
    JsonArray *array = json_array_new();

    for (guint i = 0; i < count; i++)
        json_array_add_double_element(array, (double)values[i] * (double)factor);
    return array;
}

/* mean and std of "data_preprocessor" (3.x), "img_norm_cfg" or Normalize (2.x) */
static gboolean read_normalisation(const Section *s, const char *rgb)
{
    static const char *const keys[2][2] = {{"mean", "image_mean"}, {"std", "image_std"}};
    float values[3];

    for (guint i = 0; i < 2; i++) {
        if (!has(s, keys[i][0]))
            continue;
        if (!cnx_json_floats(&s->json, keys[i][0], i ? positive : any, 3, values))
            return FALSE;
        json_object_set_array_member(s->out, keys[i][1], array_of(values, 3, 1 / 255.0f));
    }
    return check_truth(s, rgb, TRUE);
}

static gboolean read_scale(const Section *s, const char *key)
{
    float values[NUMBERS_MAX];
    const int count = read_numbers(s, key, values);

    if (count <= 0)
        return count == 0;
    if (count != 2)
        return cnx_json_fail_expected(&s->json, CNX_ERROR_UNSUPPORTED, key,
                                      "a long and a short side");
    json_object_set_int_member(s->out, "max_size", (gint64)MAX(values[0], values[1]));
    json_object_set_int_member(s->out, "min_size", (gint64)MIN(values[0], values[1]));
    return TRUE;
}

/* keep_ratio: by default false in 3.x, where the step has the scale, and true in 2.x. */
static gboolean read_resize(const Section *s)
{
    if (!cnx_json_truth(&s->json, "keep_ratio", !has(s, "scale")))
        return cnx_json_fail(&s->json, CNX_ERROR_UNSUPPORTED, "keep_ratio",
                             "of Resize is not true: the image keeps the aspect of the frame");
    return read_scale(s, "scale") && read_scale(s, "img_scale");
}

/* The steps that prepare a picture; 2.x has them in MultiScaleFlipAug. */
static gboolean read_pipeline(const Section *s, const char *key)
{
    JsonNode *node = has(s, key) ? json_object_get_member(s->json.object, key) : NULL;
    JsonArray *list = node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;

    for (guint i = 0; list && i < json_array_get_length(list); i++) {
        JsonNode *element = json_array_get_element(list, i);
        Section step = *s;
        const char *type = NULL;

        if (!JSON_NODE_HOLDS_OBJECT(element))
            continue;
        step.json.object = json_node_get_object(element);
        if (!cnx_json_string(&step.json, "type", &type))
            return FALSE;
        if (!g_strcmp0(type, "MultiScaleFlipAug") &&
            (!read_scale(&step, "img_scale") || !read_pipeline(&step, "transforms")))
            return FALSE;
        if (!g_strcmp0(type, "Resize") && !read_resize(&step))
            return FALSE;
        if (!g_strcmp0(type, "Normalize") && !read_normalisation(&step, "to_rgb"))
            return FALSE;
    }
    return TRUE;
}

/* Squares of the strides times the scales, for each level */
static gboolean read_anchors(const Section *s)
{
    float strides[NUMBERS_MAX], scales[NUMBERS_MAX], ratios[NUMBERS_MAX];
    const int levels = read_numbers(s, "strides", strides);
    const int sizes = levels < 0 ? -1 : read_numbers(s, "scales", scales);
    const int shapes = sizes < 0 ? -1 : read_numbers(s, "ratios", ratios);

    if (shapes < 0 || !check_number(s, "center_offset", 0))
        return FALSE;
    if (has(s, "base_sizes") || has(s, "octave_base_scale"))
        return cnx_json_fail(&s->json, CNX_ERROR_UNSUPPORTED,
                             has(s, "base_sizes") ? "base_sizes" : "octave_base_scale",
                             "is not supported, expected strides and scales");
    if (levels == 0 || sizes == 0 || shapes == 0)
        return TRUE;
    JsonArray *all_sizes = json_array_new(), *all_ratios = json_array_new();
    for (int i = 0; i < levels; i++) {
        json_array_add_array_element(all_sizes, array_of(scales, (guint)sizes, strides[i]));
        json_array_add_array_element(all_ratios, array_of(ratios, (guint)shapes, 1));
    }
    json_object_set_array_member(s->out, "anchor_sizes", all_sizes);
    json_object_set_array_member(s->out, "aspect_ratios", all_ratios);
    return TRUE;
}

/* Sets weights to those of a head's boxes, NULL if it does not say them. FALSE with error. */
static gboolean read_box_weights(const Section *head, JsonArray **weights)
{
    const Section coder = child_of(head, "bbox_coder");
    float values[4];

    *weights = NULL;
    if (!has(&coder, "target_stds"))
        return TRUE;
    if (!cnx_json_floats(&coder.json, "target_stds", positive, 4, values))
        return FALSE;
    for (guint i = 0; i < 4; i++)
        values[i] = 1 / values[i];
    *weights = array_of(values, 4, 1);
    return TRUE;
}

static void set_classes(const Section *head)
{
    guint classes;

    if (head->json.object &&
        cnx_json_peek_uint(&head->json, "num_classes", 1, G_MAXINT - 1, &classes))
        json_object_set_int_member(head->out, "num_classes", (gint64)classes + 1);
}

/* "bbox_head": an object or, of a cascade, an array of them. */
static gboolean read_heads(const Section *roi)
{
    JsonNode *node =
        has(roi, "bbox_head") ? json_object_get_member(roi->json.object, "bbox_head") : NULL;
    JsonArray *list = node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
    Section head = child_of(roi, "bbox_head");
    JsonArray *weights;

    if (!list) {
        set_classes(&head);
        if (!read_box_weights(&head, &weights))
            return FALSE;
        if (weights)
            json_object_set_array_member(roi->out, "bbox_reg_weights", weights);
        return TRUE;
    }
    g_autoptr(JsonArray) all = json_array_new();
    for (guint i = 0; i < json_array_get_length(list); i++) {
        JsonNode *element = json_array_get_element(list, i);

        head.json.object = JSON_NODE_HOLDS_OBJECT(element) ? json_node_get_object(element) : NULL;
        set_classes(&head);
        if (!read_box_weights(&head, &weights))
            return FALSE;
        if (weights)
            json_array_add_array_element(all, weights);
    }
    if (json_array_get_length(all) > 0)
        json_object_set_array_member(roi->out, "bbox_reg_weights", g_steal_pointer(&all));
    return TRUE;
}

static gboolean read_suppression(const Section *s, const char *name)
{
    static const CnxJsonWord words[] = {{"nms", 0}};
    const Section nms = child_of(s, "nms");
    int ignored;

    copy(s, "nms_thr", name); /* of old versions */
    copy(&nms, "iou_threshold", name);
    copy(&nms, "iou_thr", name);
    return (!has(&nms, "type") || cnx_json_word(&nms.json, "type", words, 1, &ignored)) &&
           check_truth(&nms, "class_agnostic", FALSE);
}

static gboolean read_test(const Section *test)
{
    const Section rpn = child_of(test, "rpn"), rcnn = child_of(test, "rcnn");

    copy(&rpn, "nms_pre", "rpn_pre_nms_top_n_test");
    copy(&rpn, "nms_post", "rpn_post_nms_top_n_test");
    copy(&rpn, "max_num", "rpn_post_nms_top_n_test");
    copy(&rpn, "max_per_img", "rpn_post_nms_top_n_test");
    copy(&rcnn, "score_thr", "box_score_thresh");
    copy(&rcnn, "max_per_img", "box_detections_per_img");
    return read_suppression(&rpn, "rpn_nms_thresh") && check_number(&rpn, "min_bbox_size", 0) &&
           read_suppression(&rcnn, "box_nms_thresh") &&
           check_number(&rcnn, "mask_thr_binary", 0.5f);
}

JsonObject *cnx_detector_mm_config(const CnxJson *json)
{
    g_autoptr(JsonObject) out = json_object_new();
    const Section top = {*json, out};
    Section model = child_of(&top, "model");

    if (!model.json.object)
        model = top;
    const Section rpn = child_of(&model, "rpn_head"), roi = child_of(&model, "roi_head");
    const Section anchors = child_of(&rpn, "anchor_generator");
    const Section pixels = child_of(&model, "data_preprocessor");
    const Section norm = child_of(&top, "img_norm_cfg");
    const Section model_test = child_of(&model, "test_cfg"), test = child_of(&top, "test_cfg");

    copy(&pixels, "pad_size_divisor", "size_divisible");
    if (!read_pipeline(&top, "test_pipeline") || !read_normalisation(&norm, "to_rgb") ||
        !read_normalisation(&pixels, "bgr_to_rgb") || !read_anchors(&anchors) ||
        !read_heads(&roi) || !read_test(&test) || !read_test(&model_test))
        return NULL;
    return g_steal_pointer(&out);
}
