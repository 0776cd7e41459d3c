/* What convnext-inspect says of segmenters and detectors, and that it does not convert them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "tests/pipelines/inspect.h"

/* Twenty are listed; those of a head that runs are not among them. */
static void test_many_ignored(void)
{
    g_auto(Output) output = RUN(FIXTURES "/detectors/torchvision-mask-rcnn-v2");
    g_auto(Output) cascade = RUN(FIXTURES "/segmenters/transformers-upernet");

    assert_ok(&output);
    assert_ok(&cascade);
    g_assert_nonnull(strstr(output.out, " used, 16 ignored, 0 missing\n"));
    g_assert_nonnull(strstr(output.out, "            convnext runs only the backbone, without "));
    g_assert_nonnull(
        strstr(output.out, ".num_batches_tracked\" counts the batches of a batch norm"));
    g_assert_null(strstr(output.out, "ignored: \"roi_heads.box_predictor"));
    g_assert_nonnull(strstr(cascade.out, " used, 20 ignored, 0 missing\n"));
    g_assert_nonnull(strstr(cascade.out, "ignored: \"auxiliary_head."));
    g_assert_null(strstr(cascade.out, "ignored: \"decode_head.conv_seg"));
}

/* Every family of heads: what the text says of it, and of the input that its element takes. */
static const struct {
    const char *fixture, *lines[8];
} heads[] = {
    {"segmenters/transformers-upernet",
     {"\nsegmenter   UPerNet of transformers, for convnextsegment: 12 classes\n",
      "mask-size: network 96x96, stride 24x24, frame as the frame\n", "\ninput       96x96\n",
      "\nresize      both sides to 96, bilinear, as in pillow\n", " ! convnextsegment model="}},
    {"segmenters/facebook-upernet.pth",
     {"\nsegmenter   UPerNet of facebookresearch, for convnextsegment: 6 classes\n",
      "\ninput       in the shape of the frame: 910x512 for 1920x1080\n", "as in opencv\n"}},
    {"segmenters/mmsegmentation-upernet.pth", {"\nsegmenter   UPerNet of mmsegmentation, for "}},
    {"segmenters/smp-unet",
     {"\nsegmenter   Unet of smp, for ", "\nassumed     activation=softmax, "}},
    {"segmenters/smp-fpn", {"\nsegmenter   FPN of smp, for "}},
    {"segmenters/smp-upernet", {"\nsegmenter   UPerNet of smp, for "}},
    {"segmenters/smp-segformer", {"\nsegmenter   Segformer of smp, for "}},
    {"segmenters/smp-deeplab", {"\nsegmenter   DeepLabV3+ of smp, for "}},
    {"segmenters/dinov3-linear.pth",
     {"\nsegmenter   linear head of facebookresearch/dinov3, for "}},
    {"detectors/torchvision-faster-rcnn.pth",
     {"\ndetector    Faster R-CNN of torchvision, for convnextdetect: 4 classes\n",
      "level 0: downsampling before stage 2, stride 8, anchors 46x22 32x32 22x46\n",
      "\nmasks       none\n",
      "\nobjects     score-threshold 0.05, nms-threshold 0.5, max-objects 100\n",
      " used, 0 ignored, 0 missing\n", " ! convnextdetect model="}},
    {"detectors/torchvision-mask-rcnn",
     {"\ndetector    Mask R-CNN of torchvision, for convnextdetect: 6 classes\n",
      "            \"bolt\", \"nut\", \"washer\", \"spring\", \"gear\", ...\n",
      "\npyramid     5 levels of 20 channels, with 3 anchors at a pixel\n",
      "level 4: every second pixel of the last level, stride 64, anchors 724x362 512x512 362x724\n",
      "\nproposals   1 convolution; score above 0, at most 300 of a level and 200 of the image, "
      "nms-threshold 0.7\n",
      "\nmasks       28x28, from 4 convolutions\n",
      "\ninput       in the shape of the frame: 256x160 for 1920x1080\n",
      "\nresize      short side to 136, long side to at most 240, padded with 0, bilinear, as in "
      "torch\n"}},
    {"detectors/torchvision-mask-rcnn-v2",
     {"\nboxes       7x7 pixels of levels 0 to 3; 4 convolutions and 1 linear layer\n"}},
    {"detectors/mmdetection-mask-rcnn",
     {"\ndetector    Mask R-CNN of mmdetection, for ", "anchors 45x23 32x32 23x45\n"}},
    {"detectors/mmdetection-cascade-rcnn",
     {"\ndetector    Cascade R-CNN of mmdetection, for ",
      "\nboxes       cascade of 3 heads, each:\n"}},
    {"detectors/facebook-mask-rcnn", {"\ndetector    Mask R-CNN of facebookresearch, for "}},
    {"detectors/facebook-cascade-mask-rcnn.pth",
     {"\ndetector    Cascade Mask R-CNN of facebookresearch, for ",
      "min_size=800, max_size=1333, image_mean="}},
};

static void test_heads(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(heads); i++) {
        g_autofree char *path = g_build_filename(FIXTURES, heads[i].fixture, NULL);
        g_auto(Output) output = RUN(path);

        assert_ok(&output);
        for (guint k = 0; k < G_N_ELEMENTS(heads[i].lines) && heads[i].lines[k]; k++)
            if (!strstr(output.out, heads[i].lines[k]))
                g_error("%s: '%s' is not in: %s", path, heads[i].lines[k], output.out);
    }
}

/* The same names as in model-info. */
static void test_head_json(void)
{
    g_auto(Output) output = RUN("--json", FIXTURES "/detectors/torchvision-mask-rcnn");

    assert_ok(&output);
    g_autoptr(JsonObject) report = parse(output.out);
    JsonObject *detector = json_object_get_object_member(report, "detector");
    JsonArray *levels = json_object_get_array_member(detector, "levels");
    JsonObject *last = json_array_get_object_element(levels, 4);
    JsonObject *input = json_object_get_object_member(report, "input");

    g_assert_cmpstr(json_object_get_string_member(detector, "family"), ==, "Mask R-CNN");
    g_assert_cmpint(json_object_get_int_member(detector, "min-size"), ==, 136);
    g_assert_cmpint(json_object_get_int_member(detector, "proposals"), ==, 200);
    g_assert_cmpint(json_object_get_int_member(detector, "mask-side"), ==, 28);
    g_assert_cmpuint(json_array_get_length(levels), ==, 5);
    g_assert_cmpint(json_object_get_int_member(last, "stride"), ==, 64);
    g_assert_false(json_object_has_member(last, "stage"));
    g_assert_cmpstr(json_object_get_string_member(input, "crop"), ==, "fit");
    g_assert_cmpint(json_object_get_int_member(input, "longest-side"), ==, 240);
    g_assert_false(json_object_has_member(report, "head-fault"));
}

/* A folder of these layouts cannot have a segmentation or detection head, so it must not get lost
 * without a word. */
static void test_convert_head(void)
{
    static const struct {
        const char *fixture, *file, *tensor;
    } files[] = {
        {"detectors/torchvision-faster-rcnn.pth", "", "backbone.fpn.inner_blocks.0.bias"},
        {"segmenters/transformers-upernet", "/model.safetensors", "auxiliary_head.classifier.bias"},
    };
    static const char *const written[] = {"model.safetensors", "config.json",
                                          "preprocessor_config.json", NULL};
    const char *path = FIXTURES "/segmenters/transformers-upernet";
    g_autofree char *out = g_build_filename(folder, "converted", NULL);

    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *source = g_build_filename(FIXTURES, files[i].fixture, NULL);
        g_autofree char *sentence = g_strdup_printf(
            "%s%s: cannot be written for transformers: it has a segmentation or detection head "
            "(tensor \"%s\"): set --backbone-only to leave it out",
            source, files[i].file, files[i].tensor);

        check_failure(RUN(source, "--convert", out), sentence);
        g_assert_false(g_file_test(out, G_FILE_TEST_EXISTS));
    }
    g_auto(Output) output = RUN(path, "--convert", out, "--backbone-only");
    g_assert_cmpint(output.status, ==, 0);
    g_assert_nonnull(strstr(output.err, "tensors are not part of the network and are omitted"));
    g_auto(Output) converted = RUN(out);
    assert_ok(&converted);
    g_assert_nonnull(strstr(converted.out, " used, 0 ignored, 0 missing\n"));
    g_assert_null(strstr(converted.out, "\nsegmenter"));
    remove_folder(out, written);
}

void add_tests_of_heads(void)
{
    g_test_add_func("/inspect/many-ignored", test_many_ignored);
    g_test_add_func("/inspect/heads", test_heads);
    g_test_add_func("/inspect/heads/json", test_head_json);
    g_test_add_func("/inspect/heads/convert", test_convert_head);
}
