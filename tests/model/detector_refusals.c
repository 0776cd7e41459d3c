/* Detectors that are refused, each with its sentence, and what is assumed about those that are not.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include "model/heads/detector.h"
#include "model/heads/info.h"
#include "tests/model/support/mix.h"

#define THREE "../detectors/torchvision-faster-rcnn-three"

/* The arguments that the fixture needs: it has 4 anchors at a pixel. */
#define SIZES "\"anchor_sizes\":[[16,24],[48],[100],[256]]"
#define RATIOS "\"aspect_ratios\":[[0.5,2],[0.5,1,1.5,2.5],[0.4,0.7,1,2],[0.5,1,2,3]]"
#define NEEDED SIZES "," RATIOS

static const CnxOpenOptions options = {.weight_set = CNX_WEIGHT_SET_AUTO};

/* file: the weights rather than the folder. */
static CnxDetector *open_detector(gboolean file, GError **error)
{
    g_autofree char *path = folder_path(file ? "model.safetensors" : "");

    return cnx_detector_open(path, &options, NULL, NULL, error);
}

static void check_refused(const char *sentence)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CnxDetector) detector = open_detector(FALSE, &error);

    g_assert_null(detector);
    g_assert_nonnull(error);
    if (!strstr(error->message, sentence))
        g_error("\"%s\" does not contain \"%s\"", error->message, sentence);
    g_assert_cmpint(error->domain, ==, CNX_ERROR);
}

static const struct {
    const char *config, *sentence;
} configs[] = {
    {"{}", "has 4 anchors at a pixel, expected 3 for 1 sizes and 3 ratios: set anchor_sizes"},
    {"{" NEEDED ",\"rpn_nms_treshold\":0.5}", "key \"rpn_nms_treshold\" is no argument of a"},
    {"{\"anchor_sizes\":[[16,24],[48]]," RATIOS "}",
     "key \"anchor_sizes\" is for 2 levels, but the pyramid has 3, or 4 with the level \"pool\""},
    {"{" SIZES ",\"aspect_ratios\":[[1],[1]]}", "is for 2 levels, but the pyramid has 4"},
    {"{\"anchor_sizes\":[[-1]]," RATIOS "}", "key \"anchor_sizes\" is [[-1]], expected positive"},
    {"{\"anchor_sizes\":[]," RATIOS "}", "key \"anchor_sizes\" is []"},
    {"{" NEEDED ",\"num_classes\":9}", "key \"num_classes\" is 9, but the weights have 4"},
    {"{" NEEDED ",\"out_channels\":256}", "is 256, but the weights have 20"},
    {"{" NEEDED ",\"in_channels_list\":[16,24,33]}", "is 33 for level 2, but the weights have 32"},
    {"{" NEEDED ",\"id2label\":{\"0\":\"a\",\"1\":\"b\"}}", "names 2 classes"},
    {"{" NEEDED ",\"return_layers\":{\"1\":\"0\",\"5\":\"1\",\"7\":\"2\"}}",
     "reads module 1, which has 12 channels, but level 0 of the pyramid has 16"},
    {"{" NEEDED ",\"return_layers\":{\"5\":\"1\",\"7\":\"2\"}}", "is not an object with 3 members"},
    {"{" NEEDED ",\"featmap_names\":[\"a\"]}", "names none of the pyramid's 4 levels"},
    {"{" NEEDED ",\"featmap_names\":[\"0\",\"2\"]}", "leaves out a level between two others"},
    {"{" NEEDED ",\"box_score_thresh\":1.5}", "is 1.5, expected a number from 0 to 1"},
    {"{" NEEDED ",\"rpn_pre_nms_top_n_test\":100000}", "key \"rpn_pre_nms_top_n_test\" is 100000"},
    {"{" NEEDED ",\"box_detections_per_img\":0}", "key \"box_detections_per_img\" is 0"},
    {"{" NEEDED ",\"bbox_reg_weights\":[10,10,5]}", "is an array of 3, expected 4 numbers"},
    {"{" NEEDED ",\"bbox_reg_weights\":[10,10,5,0]}", "has 0 at index 3, expected a positive"},
    {"{" NEEDED ",\"size_divisible\":64}", "key \"size_divisible\" is 64, expected 32"},
    {"{" NEEDED ",\"fixed_size\":[640,640]}", "expected null: the image keeps the aspect"},
    {"{" NEEDED ",\"min_size\":[]}", "key \"min_size\" is [], expected a size in pixels"},
    {"{" NEEDED ",\"min_size\":0}", "key \"min_size\" is 0"},
    {"{" NEEDED ",\"sampling_ratio\":-1}", "key \"sampling_ratio\" is -1"},
};

static void test_configs(void)
{
    g_auto(Mix) mix = mix_open(THREE);

    mix_write(&mix);
    for (guint i = 0; i < G_N_ELEMENTS(configs); i++) {
        folder_write("config.json", configs[i].config);
        check_refused(configs[i].sentence);
    }
    folder_write("config.json", "{" NEEDED "}");
    folder_write("labels.txt", "one\ntwo\n");
    check_refused("labels.txt");
    folder_clear();
}

/* Tensors that are added to the fixture, or replace one of it */
static const struct {
    const char *name;
    guint64 shape[5];
    const char *sentence;
} tensors[] = {
    {"head.classification_head.cls_logits.weight", {9, 20, 3, 3}, "has the head of a RetinaNet"},
    {"head.regression_head.bbox_ctrness.weight", {1, 20, 3, 3}, "has the head of an FCOS"},
    {"head.classification_head.module_list.0.weight", {9, 20, 3, 3}, "has the head of an SSD"},
    {"class_embed.weight", {9, 20}, "has the head of a DETR"},
    {"rpn_head.rpn_cls.weight",
     {3, 20, 1, 1},
     "has two heads (tensors \"rpn.head.cls_logits.weight\" and \"rpn_head.rpn_cls.weight\")"},
    {"roi_heads.box_head.0.0.weight", {20, 20, 3, 3}, "has 0 linear layers in its box head"},
    {"roi_heads.keypoint_predictor.kps_score_lowres.weight", {20, 17, 4, 4}, "a Keypoint R-CNN"},
    {"student.rpn.head.cls_logits.weight", {4, 20, 1, 1}, "is not part of a torchvision"},
    {"rpn.head.scale", {1}, "is not part of a Faster R-CNN that this version knows"},
    {"backbone.fpn.inner_blocks.0.0.weight",
     {20, 17, 1, 1},
     "the pyramid's levels read maps of 17,24,32 channels, expected those of stages, up to the "
     "last (the stages have 12,16,24,32)"},
    {"roi_heads.box_head.fc6.weight",
     {48, 981},
     "has 981 inputs, expected 20 channels of a square"},
    {"roi_heads.box_predictor.bbox_pred.weight", {12, 48}, "has shape [12,48], expected [16,48]"},
    {"rpn.head.bbox_pred.bias", {17}, "has shape [17], expected [16]"},
};

static guint find_tensor(const Mix *mix, const char *name)
{
    guint i = 0;

    while (i < mix->own && !g_str_equal(mix_tensor(mix, i)->name, name))
        i++;
    return i;
}

static void test_tensors(void)
{
    folder_write("config.json", "{" NEEDED "}");
    for (guint i = 0; i < G_N_ELEMENTS(tensors); i++) {
        g_auto(Mix) mix = mix_open(THREE);
        const guint own = find_tensor(&mix, tensors[i].name);

        if (own < mix.own)
            mix_rename(&mix, own, g_strdup("rpn.num_batches_tracked"));
        mix_add(&mix, tensors[i].name, tensors[i].shape, NULL);
        mix_write(&mix);
        check_refused(tensors[i].sentence);
    }
    folder_clear();
}

/* More anchors at a pixel than a detector may have. */
static void test_anchors(void)
{
    static const struct {
        const char *name;
        guint64 shape[5];
    } layers[] = {
        {"rpn.head.cls_logits.weight", {40, 20, 1, 1}},
        {"rpn.head.cls_logits.bias", {40}},
        {"rpn.head.bbox_pred.weight", {160, 20, 1, 1}},
        {"rpn.head.bbox_pred.bias", {160}},
    };
    g_auto(Mix) mix = mix_open(THREE);

    folder_write("config.json", "{" NEEDED "}");
    for (guint i = 0; i < G_N_ELEMENTS(layers); i++) {
        mix_rename(&mix, find_tensor(&mix, layers[i].name),
                   g_strdup_printf("n%u.num_batches_tracked", i));
        mix_add(&mix, layers[i].name, layers[i].shape, NULL);
    }
    mix_write(&mix);
    check_refused("has 40 anchors at a pixel, expected at most 32");
    folder_clear();
}

static void test_missing(void)
{
    g_auto(Mix) mix = mix_open(THREE);

    folder_write("config.json", "{" NEEDED "}");
    mix_rename(&mix, find_tensor(&mix, "roi_heads.box_head.fc7.weight"), g_strdup("rpn.x"));
    mix_write(&mix);
    check_refused("has no tensor \"roi_heads.box_head.fc7.weight\" of shape [any,48]");
    mix_rename(&mix, find_tensor(&mix, "rpn.head.cls_logits.weight"), g_strdup("rpn.y"));
    mix_write(&mix);
    check_refused("has no tensor \"rpn.head.cls_logits.weight\"");
    folder_clear();
    folder_put_weights("torchvision-v1");
    check_refused("has no rpn: it is a classifier; use convnext");
    folder_clear();
}

/* Fills a tensor of the fixture with one number. Returns it; g_free(). */
static float *fill(Mix *mix, const char *name, float value)
{
    const guint i = find_tensor(mix, name);
    CnxTensor *tensor = mix_tensor(mix, i);
    guint64 shape[CNX_MAX_RANK + 1] = {0};
    float *values = g_new(float, tensor->elements);

    for (gsize k = 0; k < tensor->elements; k++)
        values[k] = value;
    memcpy(shape, tensor->shape, tensor->rank * sizeof *shape);
    mix_rename(mix, i, g_strdup("rpn.num_batches_tracked"));
    mix_add(mix, name, shape, values);
    return values;
}

static void test_not_a_number(void)
{
    g_auto(Mix) mix = mix_open(THREE);
    g_autofree float *values = fill(&mix, "roi_heads.box_head.fc6.weight", NAN);

    folder_write("config.json", "{" NEEDED "}");
    mix_write(&mix);
    check_refused("has the value nan at index 0, expected finite numbers");
    folder_clear();
}

/* Finite weights whose results are not: nothing is found, and the caller can tell why. */
static void test_overflow(void)
{
    static const char *const names[] = {"roi_heads.box_head.fc6.weight",
                                        "rpn.head.bbox_pred.weight", "rpn.head.cls_logits.weight"};
    static float image[64 * 96 * 3];
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(image); i++)
        image[i] = (float)(i * 7919 % 100) / 50 - 1;
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_auto(Mix) mix = mix_open(THREE);
        g_autofree float *values = fill(&mix, names[i], 3e38f);

        folder_write("config.json", "{" NEEDED "}");
        mix_write(&mix);
        g_autoptr(CnxDetector) detector = open_detector(FALSE, &error);
        g_assert_no_error(error);
        g_autoptr(CnxDetectorRun) run = cnx_detector_run_new(detector, 96, 64, NULL, 1, &error);
        g_assert_no_error(error);
        const CnxDetections *found = cnx_detector_run_forward(run, image, 90, 61);
        g_assert_true(found->dropped > 0 || g_str_has_suffix(names[i], "bbox_pred.weight"));
        g_assert_cmpuint(found->n, ==, 0); /* infinite deltas move all boxes out of the image */
        for (guint k = 0; k < found->n; k++)
            g_assert_true(isfinite(found->items[k].score) && isfinite(found->items[k].x0));
    }
    folder_clear();
}

/* What no file says is listed; a config of another library beside a named file is ignored. */
static void test_info(void)
{
    static const char *const assumed[] = {"min_size=800",
                                          "max_size=1333",
                                          "return_layers=3,5,7",
                                          "featmap_names=0..2",
                                          "rpn_nms_thresh=0.7",
                                          "box_score_thresh=0.05",
                                          "box_detections_per_img=100",
                                          "bbox_reg_weights=10,10,5,5",
                                          "sampling_ratio=2"};
    g_auto(Mix) mix = mix_open(THREE);
    g_autoptr(GError) error = NULL;

    mix_write(&mix);
    folder_write("config.json", "{" NEEDED ",\"box_nms_thresh\":0.3,\"min_size\":[300,200],"
                                "\"rpn_fg_iou_thresh\":0.7,\"author\":\"me\"}");
    folder_write("labels.txt", "background\none\ntwo\nthree\n");
    g_autoptr(CnxDetector) detector = open_detector(FALSE, &error);
    g_assert_no_error(error);
    const CnxHeadInfo *info = cnx_detector_info(detector);
    g_assert_cmpstr(info->family, ==, "Faster R-CNN");
    g_assert_cmpuint(info->classes, ==, 3);
    g_assert_cmpstr(info->labels[0], ==, "one");
    g_assert_null(info->ignored);
    for (guint i = 1; i < G_N_ELEMENTS(assumed); i++)
        g_assert_true(g_strv_contains((const char *const *)info->assumed, assumed[i]));
    g_assert_false(g_strv_contains((const char *const *)info->assumed, assumed[0]));
    const CnxDetectorSettings settings = cnx_detector_settings(detector, NULL);
    g_assert_cmpuint(settings.min_size, ==, 200); /* the last one is for inference */
    g_assert_cmpfloat(settings.nms_threshold, ==, 0.3);
    g_assert_false(settings.masks);
    folder_clear();
}

static void test_foreign_config(void)
{
    g_auto(Mix) mix = mix_open("../detectors/torchvision-mask-rcnn");
    g_autoptr(GError) error = NULL;

    mix_write(&mix);
    folder_write("config.json", "{\"model_type\":\"convnext\"}");
    check_refused("key \"model_type\" belongs to another library");
    g_autoptr(CnxDetector) detector = open_detector(TRUE, &error);
    g_assert_no_error(error);
    g_assert_nonnull(strstr(cnx_detector_info(detector)->ignored, "model_type"));
    folder_clear();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    folder_new();
    g_test_add_func("/detector/refusals/configs", test_configs);
    g_test_add_func("/detector/refusals/tensors", test_tensors);
    g_test_add_func("/detector/refusals/anchors", test_anchors);
    g_test_add_func("/detector/refusals/missing", test_missing);
    g_test_add_func("/detector/refusals/not-a-number", test_not_a_number);
    g_test_add_func("/detector/overflow", test_overflow);
    g_test_add_func("/detector/info", test_info);
    g_test_add_func("/detector/info/foreign", test_foreign_config);
    const int result = g_test_run();

    folder_delete();
    return result;
}
