/* Detectors of mmdetection that are refused, each with its sentence, and what is assumed about
 * those that are not.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "model/heads/detector.h"
#include "model/heads/detector_config.h"
#include "model/heads/info.h"
#include "tests/model/support/mix.h"

#define MASK "../detectors/mmdetection-mask-rcnn"
#define CASCADE "../detectors/mmdetection-cascade-rcnn"
#define FACEBOOK "detectors/facebook-cascade-mask-rcnn.pth"

static const CnxOpenOptions options = {.weight_set = CNX_WEIGHT_SET_AUTO};

static CnxDetector *open_folder(GError **error)
{
    g_autofree char *path = folder_path("");

    return cnx_detector_open(path, &options, NULL, NULL, error);
}

static void check_refused(const char *sentence)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CnxDetector) detector = open_folder(&error);

    g_assert_null(detector);
    g_assert_nonnull(error);
    if (!strstr(error->message, sentence))
        g_error("\"%s\" does not contain \"%s\"", error->message, sentence);
    g_assert_cmpint(error->domain, ==, CNX_ERROR);
}

static guint find_tensor(const Mix *mix, const char *name)
{
    guint i = 0;

    while (i < mix->own && !g_str_equal(mix_tensor(mix, i)->name, name))
        i++;
    return i;
}

/* Tensors that are added to a fixture, or replace one of it */
static const struct {
    const char *fixture, *name;
    guint64 shape[5];
    const char *sentence;
} tensors[] = {
    {MASK, "neck.lateral_convs.1.gn.weight", {20}, "gn.weight\" of shape [20] is not part"},
    {MASK, "neck.fpn_convs.4.conv.weight", {20, 20, 3, 3}, "is not part of a Mask R-CNN that this"},
    {MASK, "roi_head.mask_iou_head.fc_mask_iou.weight", {5, 48}, "is not part of a Mask R-CNN"},
    {MASK,
     "rpn_head.rpn_reg.weight",
     {15, 20, 1, 1},
     "has shape [15,20,1,1], expected [12,20,1,1]"},
    {MASK, "roi_head.bbox_head.fc_reg.weight", {24, 48}, "has shape [24,48], expected [20,48]"},
    {MASK, "roi_head.bbox_head.fc_cls.weight", {1, 48}, "has 1 classes with the background"},
    {MASK,
     "roi_head.mask_head.conv_logits.weight",
     {6, 20, 1, 1},
     "has shape [6,20,1,1], expected"},
    {MASK,
     "roi_head.bbox_head.shared_fcs.0.weight",
     {48, 979},
     "has 979 inputs, expected 20 channels of a square"},
    {CASCADE, "roi_head.bbox_head.3.fc_cls.weight", {6, 48}, "has 4 box heads, expected 1 to 3"},
    {CASCADE,
     "roi_head.bbox_head.1.fc_cls.weight",
     {9, 48},
     "\"roi_head.bbox_head.1.fc_cls.weight\" has shape [9,48], expected [6,48]"},
    {CASCADE,
     "roi_head.mask_head.0.convs.0.conv.weight",
     {20, 20, 3, 3},
     "has neither a tensor \"roi_head.mask_head.0.convs.0.conv.bias\" nor a batch norm"},
    {CASCADE, "roi_head.bbox_head.2.x.weight", {4}, "is not part of a Cascade R-CNN that this"},
};

static void test_tensors(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(tensors); i++) {
        g_auto(Mix) mix = mix_open(tensors[i].fixture);
        const guint own = find_tensor(&mix, tensors[i].name);

        if (own < mix.own)
            mix_rename(&mix, own, g_strdup("neck.num_batches_tracked"));
        mix_add(&mix, tensors[i].name, tensors[i].shape, NULL);
        mix_write(&mix);
        check_refused(tensors[i].sentence);
    }
    folder_clear();
}

/* Masks in the first stage only. */
static void test_some_masks(void)
{
    static const struct {
        const char *name;
        guint64 shape[5];
    } layers[] = {
        {"roi_head.mask_head.0.convs.0.conv.weight", {20, 20, 3, 3}},
        {"roi_head.mask_head.0.convs.0.conv.bias", {20}},
        {"roi_head.mask_head.0.upsample.weight", {20, 20, 2, 2}},
        {"roi_head.mask_head.0.upsample.bias", {20}},
        {"roi_head.mask_head.0.conv_logits.weight", {5, 20, 1, 1}},
        {"roi_head.mask_head.0.conv_logits.bias", {5}},
    };
    g_auto(Mix) mix = mix_open(CASCADE);

    for (guint i = 0; i < G_N_ELEMENTS(layers); i++)
        mix_add(&mix, layers[i].name, layers[i].shape, NULL);
    mix_write(&mix);
    check_refused("only some of its 3 stages have a mask head");
    folder_clear();
}

/* bbox_reg_weights of a cascade */
static const struct {
    const char *config, *sentence;
} configs[] = {
    {"{\"bbox_reg_weights\":[10,10,5,5]}", "with four numbers for each of the 3 box heads"},
    {"{\"bbox_reg_weights\":[[10,10,5,5],[10,10,5,5]]}", "for each of the 3 box heads"},
    {"{\"bbox_reg_weights\":[[1,1,1,1],[1,1,1],[1,1,1,1]]}", "expected 4 numbers"},
    {"{\"bbox_reg_weights\":[[1,1,1,1],[1,1,1,0],[1,1,1,1]]}", "expected a positive"},
    {"{\"model_type\":\"convnext\"}", "the tensors have the names of mmdetection"},
};

static void test_configs(void)
{
    g_auto(Mix) mix = mix_open(CASCADE);
    g_autoptr(GError) error = NULL;

    mix_write(&mix);
    for (guint i = 0; i < G_N_ELEMENTS(configs); i++) {
        folder_write("config.json", configs[i].config);
        check_refused(configs[i].sentence);
    }
    folder_write("config.json", "{\"bbox_reg_weights\":null}");
    cnx_detector_unref(open_folder(&error));
    g_assert_no_error(error);
    folder_write("config.json", "{\"bbox_reg_weights\":[[10,10,5,5],[20,20,10,10],[30,30,15,15]]}");
    g_autoptr(CnxDetector) detector = open_folder(&error);
    g_assert_no_error(error);
    for (char **a = cnx_detector_info(detector)->assumed; *a; a++)
        g_assert_false(g_str_has_prefix(*a, "bbox_reg_weights"));
    folder_clear();
}

/* A configuration as mmengine writes it: what it says has the values of mmdetection, and is not
 * assumed. tests/fixtures/make_mm_detectors.py says how it differs from the defaults. */
static void test_raw_config(void)
{
    static const struct {
        const char *old, *new, *sentence;
    } changes[] = {
        {"\"mask_thr_binary\": 0.5", "\"mask_thr_binary\": 0.6",
         "\"mask_thr_binary\" is 0.6, expected 0.5"},
        {"\"bgr_to_rgb\": true", "\"bgr_to_rgb\": false", "\"bgr_to_rgb\" is false, expected true"},
        {"\"keep_ratio\": true", "\"keep_ratio\": false",
         "key \"keep_ratio\" of Resize is not true"},
        {"\"type\": \"nms\"", "\"type\": \"soft_nms\"",
         "\"type\" is \"soft_nms\", expected one of \"nms\""},
        {"\"num_classes\": 5", "\"num_classes\": 80",
         "\"num_classes\" is 81, but the weights have 6"},
        {"\"min_bbox_size\": 0", "\"min_bbox_size\": 4", "\"min_bbox_size\" is 4, expected 0"},
        {"\"pad_size_divisor\": 32", "\"pad_size_divisor\": 64", "is 64, expected 32"},
    };
    g_auto(Mix) mix = mix_open(MASK);
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;

    g_assert_true(
        g_file_get_contents(FIXTURES "/detectors/mmdetection-config.json", &text, NULL, NULL));
    mix_write(&mix);
    folder_write("config.json", text);
    g_autoptr(CnxDetector) detector = open_folder(&error);
    g_assert_no_error(error);
    const CnxDetectorConfig *config = cnx_detector_config(detector);
    g_assert_cmpuint(config->min_size, ==, 136);
    g_assert_cmpuint(config->max_size, ==, 240);
    g_assert_cmpuint(config->pre_nms, ==, 300);
    g_assert_cmpuint(config->post_nms, ==, 200);
    g_assert_cmpfloat(config->score, ==, 0.1);
    g_assert_cmpfloat(config->nms, ==, 0.4);
    g_assert_cmpuint(config->objects, ==, 50);
    g_assert_cmpfloat(config->box_weights[0][0], ==, 8);
    g_assert_cmpfloat(config->box_weights[0][3], ==, 4);
    g_assert_cmpfloat_with_epsilon(config->mean[0], 0.5, 1e-7);
    g_assert_cmpfloat_with_epsilon(config->std[1], 0.224, 1e-7);
    g_assert_cmpfloat_with_epsilon(config->cells[0][1].x1, 8, 1e-6); /* stride 4, scale 4 */
    g_assert_cmpfloat_with_epsilon(config->cells[4][1].x1, 128, 1e-5);
    g_assert_cmpuint(g_strv_length(cnx_detector_info(detector)->assumed), ==, 5);
    for (guint i = 0; i < G_N_ELEMENTS(changes); i++) {
        g_autoptr(GString) changed = g_string_new(text);

        g_assert_cmpuint(g_string_replace(changed, changes[i].old, changes[i].new, 0), >, 0);
        folder_write("config.json", changed->str);
        check_refused(changes[i].sentence);
    }
    folder_clear();
}

/* What no file says is listed; the names and colours are those in the checkpoint. */
static void test_info(void)
{
    static const char *const assumed[] = {"min_size=800", "sampling_ratio=0",
                                          "bbox_reg_weights=20,20,10,10",
                                          "anchor_sizes=32,64,128,256,512", "mask_roi_pool=14"};
    g_autoptr(GError) error = NULL;
    g_autoptr(CnxDetector) detector =
        cnx_detector_open(FIXTURES "/" FACEBOOK, &options, NULL, NULL, &error);

    g_assert_no_error(error);
    const CnxHeadInfo *info = cnx_detector_info(detector);
    g_assert_cmpstr(info->family, ==, "Cascade Mask R-CNN");
    g_assert_cmpstr(info->library, ==, "facebookresearch");
    g_assert_cmpuint(info->classes, ==, 5);
    g_assert_cmpstr(info->labels[0], ==, "bolt");
    g_assert_cmpint(info->recipe.resampling, ==, CNX_RESAMPLING_OPENCV);
    for (guint i = 0; i < G_N_ELEMENTS(assumed); i++)
        g_assert_true(g_strv_contains((const char *const *)info->assumed, assumed[i]));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    folder_new();
    g_test_add_func("/detector/mmdetection/tensors", test_tensors);
    g_test_add_func("/detector/mmdetection/some-masks", test_some_masks);
    g_test_add_func("/detector/mmdetection/configs", test_configs);
    g_test_add_func("/detector/mmdetection/raw-config", test_raw_config);
    g_test_add_func("/detector/mmdetection/info", test_info);
    const int result = g_test_run();

    folder_delete();
    return result;
}
