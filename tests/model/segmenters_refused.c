/* Checkpoints that are no segmenter, or one that cannot be run, and the sentences that refuse them.
 * With --table it prints the table in model/README.md.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include "model/heads/segmenter.h"
#include "tests/model/support/hostile.h"
#include "tests/model/support/mix.h"

#define UPERNET "../segmenters/transformers-upernet-v2"
#define UNET "../segmenters/smp-unet"
#define FPN "../segmenters/smp-fpn"
#define SEGFORMER "../segmenters/smp-segformer"
#define DEEPLAB "../segmenters/smp-deeplab"
#define DEEPLAB_CONFIG "{\"_model_class\":\"DeepLabV3Plus\",\"encoder_name\":\"tu-convnext_x\""
#define MLP "decoder.mlp_stage.1.linear.weight"
#define BRANCH "decoder.seg_blocks.1.block.0.block.0.weight"
#define BOTTLENECK "decode_head.bottleneck.batch_norm"
#define CONFIG                                                                                  \
    "{\"model_type\":\"upernet\",\"backbone_config\":{\"model_type\":\"convnextv2\",\"depths\"" \
    ":[1,1,2,1],\"hidden_sizes\":[8,13,20,27]}"

#define SMP_WITH(model, encoder, keys) \
    "{\"_model_class\":\"" model "\",\"encoder_name\":\"" encoder "\"," keys "}"
#define UNET_WITH(keys) SMP_WITH("Unet", "tu-convnext_x", keys)
#define FEATURES(keys)                                                                         \
    "{\"model_type\":\"upernet\",\"pool_scales\":[1,2,4],\"backbone_config\":{\"model_type\":" \
    "\"convnextv2\",\"depths\":[1,1,2,1],\"hidden_sizes\":[8,13,20,27]," keys "}}"

#define SCALES CONFIG ",\"pool_scales\":[1,2,4]}"

/* A fixture with one change. */
typedef struct Refusal {
    const char *what, *fixture;
    const char *without; /* beginning of the names of tensors that are left out */
    const char *changed; /* a tensor that gets this value at index 1, and zeros elsewhere */
    float value;
    const char *added[2]; /* tensors of shape [4, 4, 3, 3] */
    const char *config;   /* config.json; NULL: none */
    const char *sentence; /* after the file's name */
} Refusal;

static const Refusal refusals[] = {
    {"a classifier", "transformers-v1",
     .sentence = "has no decode_head: it is a classifier; use convnext"},
    {"a backbone", UPERNET, "decode_head.",
     .sentence = "has no decode_head: it is a backbone without a head; use convnext"},
    {"two heads", UPERNET, .added = {"decoder.blocks.0.conv1.0.weight"},
     .sentence = "has two heads (tensors \"decode_head.fpn_bottleneck.batch_norm.weight\" and "
                 "\"decoder.blocks.0.conv1.0.weight\"): keep only one"},
    {"the heads of teacher and student", UPERNET,
     .added = {"teacher.decode_head.fpn_bottleneck.batch_norm.weight"},
     .sentence = "tensor \"teacher.decode_head.fpn_bottleneck.batch_norm.weight\" of shape "
                 "[4,4,3,3] is not part of a transformers ConvNeXt: it looks like a convolution or "
                 "an embedding"},
    {"Mask2Former of transformers", UPERNET, "decode_head.",
     .added = {"transformer_module.queries_embedder.weight"},
     .sentence = "has the head of a Mask2Former (tensor "
                 "\"transformer_module.queries_embedder.weight\"), which this version cannot run; "
                 "convnext runs its backbone"},
    {"DETR of transformers", UPERNET, "decode_head.", .added = {"class_labels_classifier.weight"},
     .sentence = "has the head of a DETR (tensor \"class_labels_classifier.weight\"), which this "
                 "version cannot run; convnext runs its backbone"},
    {"a detector", UPERNET, "decode_head.", .added = {"roi_heads.box_head.fc6.weight"},
     .sentence =
         "has the head of a Faster or Mask R-CNN (tensor \"roi_heads.box_head.fc6.weight\"), "
         "use convnextdetect"},
    {"Unet++ of smp", UNET, "decoder.", .added = {"decoder.blocks.x_0_0.conv1.0.weight"},
     .sentence =
         "has the head of a Unet++ of smp (tensor \"decoder.blocks.x_0_0.conv1.0.weight\"), "
         "which this version cannot run; convnext runs its backbone"},
    {"a batch norm without running statistics", UPERNET, BOTTLENECK ".running_", .config = SCALES,
     .sentence = "has no tensor \"" BOTTLENECK ".running_mean\": this batch norm has no running "
                 "statistics (track_running_stats=False), so its result depends on the batch"},
    {"a negative variance", UPERNET, .changed = BOTTLENECK ".running_var", .value = -0.5f,
     .config = SCALES,
     .sentence = "tensor \"" BOTTLENECK ".running_var\" has the value -0.5 at index 1, expected "
                 "variances of at least 0"},
    {"a weight that is not finite", UPERNET, .changed = BOTTLENECK ".weight", .value = INFINITY,
     .config = SCALES,
     .sentence = "tensor \"" BOTTLENECK ".weight\" has the value inf at index 1, expected finite "
                 "numbers: its training has diverged"},
    {"a missing layer", UPERNET, "decode_head.lateral_convs.1.conv",
     .sentence =
         "has a UPerNet with 1 lateral and 3 output convolutions, but its backbone hands on "
         "4 stages, expected one of each less than stages"},
    {"a convolution without a bias and a batch norm", UNET, "decoder.blocks.1.conv1.1.",
     .sentence = "has neither a tensor \"decoder.blocks.1.conv1.0.bias\" nor a batch norm "
                 "\"decoder.blocks.1.conv1.1\", but a convolution of this head has one of them"},
    {"a batch norm without a weight", UNET, "decoder.blocks.1.conv1.1.weight",
     .sentence = "has no tensor \"decoder.blocks.1.conv1.1.weight\" of shape [16], which its head "
                 "needs"},
    {"a last layer without a bias", UNET, "segmentation_head.0.bias",
     .sentence = "has no tensor \"segmentation_head.0.bias\" of shape [4], which its head needs"},
    {"a missing linear layer", SEGFORMER, "decoder.mlp_stage.1.linear.weight",
     .sentence = "has no tensor \"decoder.mlp_stage.1.linear.weight\" of shape [20,16], which its "
                 "head needs"},
    {"a linear layer of another shape", SEGFORMER, MLP, .added = {MLP},
     .sentence = "tensor \"decoder.mlp_stage.1.linear.weight\" has shape [4,4,3,3], expected "
                 "[20,16]"},
    {"a layer that no such head has", UPERNET, .config = SCALES,
     .added = {"decode_head.extra.weight"},
     .sentence = "tensor \"decode_head.extra.weight\" of shape [4,4,3,3] is not part of a UPerNet "
                 "that this version knows"},
    {"pooling modules without a config", UPERNET,
     .sentence = "has a UPerNet with 3 pooling modules, but no config.json beside it says their "
                 "scales (key \"pool_scales\")"},
    {"a config of another head", UPERNET,
     .config =
         "{\"model_type\":\"mask2former\",\"backbone_config\":{\"model_type\":\"convnextv2\"}}",
     .sentence =
         "key \"model_type\" is \"mask2former\", but the weights have the head of a UPerNet "
         "of transformers"},
    {"another hidden size in the config", UPERNET,
     .config = CONFIG ",\"pool_scales\":[1,2,4],\"hidden_size\":16}",
     .sentence = "key \"hidden_size\" is 16, but the weights have 15"},
    {"another number of pool scales in the config", UPERNET,
     .config = CONFIG ",\"pool_scales\":[1,2,3,6]}",
     .sentence = "key \"pool_scales\" is [1,2,3,6], expected an array of 3 non-negative integers"},
    {"a pool scale of 0", UPERNET, .config = CONFIG ",\"pool_scales\":[0,2,4]}",
     .sentence = "key \"pool_scales\" has the scale 0, expected 1 to 64"},
    {"an encoder of smp that is no ConvNeXt", UNET,
     .config = "{\"_model_class\":\"Unet\",\"encoder_name\":\"resnet34\"}",
     .sentence = "key \"encoder_name\" is \"resnet34\", expected a ConvNeXt of timm, "
                 "\"tu-convnext...\""},
    {"a norm of smp that is no batch norm", UNET,
     .config = "{\"_model_class\":\"Unet\",\"encoder_name\":\"tu-convnext_x\",\"decoder_use_norm\":"
               "\"instancenorm\"}",
     .sentence = "key \"decoder_use_norm\" is \"instancenorm\", expected one of \"batchnorm\", "
                 "\"identity\""},
    {"other channels of a Unet in the config", UNET,
     .config = "{\"_model_class\":\"Unet\",\"encoder_name\":\"tu-convnext_x\",\"decoder_channels\":"
               "[24,16,12,8,7]}",
     .sentence = "key \"decoder_channels\" is 7 for block 4, but the weights have 6"},
    {"an encoder of smp of another size", UNET,
     .config = SMP_WITH("Unet", "tu-convnext_atto", "\"classes\":4"),
     .sentence = "key \"encoder_name\" implies [2,2,6,2], but the weights have [1,1,2,1]"},
    {"an encoder of smp of another version", UNET,
     .config = SMP_WITH("Unet", "tu-convnextv2_atto", "\"depths\":[1,1,2,1],\"dims\":[8,12,16,24]"),
     .sentence = "key \"encoder_name\" contradicts the weights, which have no GRN (V1)"},
    {"an encoder of smp with another stem", UNET,
     .config =
         SMP_WITH("Unet", "tu-convnext_atto_ols", "\"depths\":[1,1,2,1],\"dims\":[8,12,16,24]"),
     .sentence = "key \"encoder_name\" contradicts the weights, which have a stem of patches"},
    {"an encoder of smp with other kernels", UNET, .config = UNET_WITH("\"kernel_sizes\":5"),
     .sentence = "key \"kernel_sizes\" contradicts the weights, which have kernels of other sizes"},
    {"another depth of an encoder of smp", UNET, .config = UNET_WITH("\"encoder_depth\":4"),
     .sentence = "key \"encoder_depth\" is 4, but the weights have 5"},
    {"no batch norms in the config", UNET, .config = UNET_WITH("\"decoder_use_norm\":false"),
     .sentence = "key \"decoder_use_norm\" contradicts the weights, which have a tensor "
                 "\"decoder.blocks.0.conv1.1.weight\""},
    {"no batch norms in an old config", UNET,
     .config = UNET_WITH("\"decoder_use_batchnorm\":false"),
     .sentence = "key \"decoder_use_batchnorm\" contradicts the weights, which have a tensor "
                 "\"decoder.blocks.0.conv1.1.weight\""},
    {"gates in the config of a Unet without them", UNET,
     .config = UNET_WITH("\"decoder_attention_type\":\"scse\""),
     .sentence = "key \"decoder_attention_type\" contradicts the weights, which have no gates "
                 "(scSE)"},
    {"a key that smp would hand on to the encoder", UNET,
     .config = UNET_WITH("\"encoder_output_stride\":16"),
     .sentence = "key \"encoder_output_stride\" is none that this version knows of a Unet of smp"},
    {"other classes in the config", UNET, .config = UNET_WITH("\"classes\":3"),
     .sentence = "key \"classes\" is 3, but the weights have 4"},
    {"labels of other classes", UNET, .config = UNET_WITH("\"id2label\":{\"0\":\"a\"}"),
     .sentence = "key \"id2label\" names 1 classes, but the weights have 4 outputs"},
    {"another upsampling", FPN, .config = SMP_WITH("FPN", "tu-convnext_x", "\"upsampling\":8"),
     .sentence = "key \"upsampling\" is 8, but this version knows only 4, the default"},
    {"other branches of an FPN in the config", FPN,
     .config = SMP_WITH("FPN", "tu-convnext_x", "\"decoder_segmentation_channels\":64"),
     .sentence = "key \"decoder_segmentation_channels\" is 64, but the weights have 32"},
    {"another merging of an FPN in the config", FPN,
     .config = SMP_WITH("FPN", "tu-convnext_x", "\"decoder_merge_policy\":\"cat\""),
     .sentence = "key \"decoder_merge_policy\" contradicts the weights, whose last layer reads 32 "
                 "channels"},
    {"other stages in the config of UPerNet", UPERNET,
     .config = FEATURES("\"out_features\":[\"stage3\",\"stage4\"]"),
     .sentence =
         "key \"out_features\" is [\"stage3\",\"stage4\"], expected stages 1, 2, 3, 4, which "
         "have norms in the weights"},
    {"other indices in the config of UPerNet", UPERNET,
     .config = FEATURES("\"out_indices\":[3,-1]"),
     .sentence =
         "key \"out_indices\" is [3,-1], expected stages 1, 2, 3, 4, which have norms in the "
         "weights"},
    {"a number of labels in the config", UPERNET,
     .config = CONFIG ",\"pool_scales\":[1,2,4],\"num_labels\":7}",
     .sentence = "key \"num_labels\" is 7, but the weights have 5"},
    {"a threshold of classes that exclude each other", UNET,
     .config = UNET_WITH("\"threshold\":0.5"),
     .sentence = "key \"threshold\" is for independent classes (\"problem_type\" "
                 "\"multi_label_classification\"), but these exclude each other (softmax)"},
    {"a network of values", UNET, .config = UNET_WITH("\"problem_type\":\"regression\""),
     .sentence = "key \"problem_type\" is \"regression\", expected one of "
                 "\"single_label_classification\", \"multi_label_classification\""},
    {"classes that exclude each other, with sigmoids", UNET,
     .config =
         UNET_WITH("\"activation\":\"sigmoid\",\"problem_type\":\"single_label_classification\""),
     .sentence = "key \"problem_type\" says that the classes exclude each other, but they are "
                 "independent (\"activation\" is \"sigmoid\", or there is only one)"},
    {"a temperature for one class of four", UNET,
     .config = UNET_WITH("\"activation\":\"sigmoid\",\"temperature\":[1]"),
     .sentence = "key \"temperature\" is an array of 1, expected 4 numbers or a single one"},
    {"an FPN on a dilated encoder", FPN,
     .config = "{\"_model_class\":\"FPN\",\"encoder_name\":\"tu-convnext_x\","
               "\"output_stride\":16}",
     .sentence = "has an FPN on a dilated encoder: stage 4 has the stride of the stage before it, "
                 "expected twice that"},
    {"a DeepLabV3+ on an encoder that is not dilated", DEEPLAB,
     .config = DEEPLAB_CONFIG ",\"encoder_output_stride\":32}",
     .sentence = "has a DeepLabV3+ on an encoder whose stages have strides from 4 to 32, expected "
                 "from 4 to 8 or 16 (key \"encoder_output_stride\")"},
    {"two rates of a DeepLabV3+", DEEPLAB,
     .config = DEEPLAB_CONFIG ",\"decoder_atrous_rates\":[12,24]}",
     .sentence = "key \"decoder_atrous_rates\" is [12,24], expected an array of 3 non-negative "
                 "integers"},
    {"a rate of 0 of a DeepLabV3+", DEEPLAB,
     .config = DEEPLAB_CONFIG ",\"decoder_atrous_rates\":[0,24,36]}",
     .sentence = "key \"decoder_atrous_rates\" has the rate 0, expected 1 to 1024"},
    {"a config of a DeepLabV3+ with other convolutions", DEEPLAB,
     .config = DEEPLAB_CONFIG ",\"decoder_aspp_separable\":false}",
     .sentence = "key \"decoder_aspp_separable\" contradicts the weights, whose dilated "
                 "convolutions are separable"},
    {"a DeepLabV3+ without a pooled branch", DEEPLAB, "decoder.aspp.0.convs.4",
     .sentence =
         "has no tensor \"decoder.aspp.0.convs.4.1.weight\" of shape [16,24,1,1], which its "
         "head needs"},
    {"DeepLabV3 of smp", UNET, "decoder.", .added = {"decoder.aspp.convs.0.0.weight"},
     .sentence = "has the head of a DeepLabV3 of smp (tensor \"decoder.aspp.convs.0.0.weight\"), "
                 "which this version cannot run; convnext runs its backbone"},
    {"a layer that no Unet has", UNET, .added = {"decoder.blocks.0.extra.weight"},
     .sentence =
         "tensor \"decoder.blocks.0.extra.weight\" of shape [4,4,3,3] is not part of a Unet "
         "that this version knows"},
    {"an FPN whose branches differ", FPN, BRANCH, .added = {BRANCH},
     .sentence = "tensor \"decoder.seg_blocks.1.block.0.block.0.weight\" has shape [4,4,3,3], "
                 "expected [32,20,3,3]"},
};

static gboolean is_left_out(const Refusal *r, const char *name)
{
    return (r->without && g_str_has_prefix(name, r->without)) ||
           (r->changed && g_str_equal(name, r->changed));
}

static void write_checkpoint(const Refusal *r)
{
    static const guint64 shape[] = {4, 4, 3, 3, 0};
    g_auto(Mix) mix = mix_open(r->fixture);
    g_autofree float *values = NULL;

    for (guint i = mix.tensors->len; i-- > 0;) {
        const CnxTensor t = *mix_tensor(&mix, i);

        if (!is_left_out(r, t.name))
            continue;
        g_array_remove_index(mix.tensors, i);
        if (!r->changed)
            continue;
        const guint64 same[] = {t.shape[0], 0};
        values = g_new0(float, t.elements);
        values[1] = r->value;
        mix_add(&mix, r->changed, same, values);
    }
    for (guint i = 0; i < G_N_ELEMENTS(r->added) && r->added[i]; i++)
        mix_add(&mix, r->added[i], shape, NULL);
    mix_write(&mix);
    folder_write("config.json", r->config);
}

/* The sentence after the file's name. */
static char *open_refused(const Refusal *r)
{
    const CnxOpenOptions options = {.weight_set = CNX_WEIGHT_SET_AUTO};
    g_autoptr(GError) error = NULL;
    g_autofree char *path = folder_path("");

    write_checkpoint(r);
    CnxSegmenter *segmenter = cnx_segmenter_open(path, &options, NULL, NULL, &error);
    g_assert_null(segmenter);
    g_assert_nonnull(error);
    g_assert_true(g_str_has_prefix(error->message, path));
    const char *sentence = strstr(error->message, ": ");
    g_assert_nonnull(sentence);
    return g_strdup(sentence + strlen(": "));
}

static void test_refused(gconstpointer data)
{
    const Refusal *r = data;
    g_autofree char *sentence = open_refused(r);

    g_assert_cmpstr(sentence, ==, r->sentence);
}

static CnxSegmenter *open_file(const Refusal *r)
{
    const CnxOpenOptions options = {.weight_set = CNX_WEIGHT_SET_AUTO};
    GError *error = NULL;

    write_checkpoint(r);
    g_autofree char *path = folder_path("model.safetensors");
    CnxSegmenter *segmenter = cnx_segmenter_open(path, &options, NULL, NULL, &error);
    g_assert_no_error(error);
    return segmenter;
}

/* Beside a file that was named itself, the same configs are ignored with a remark. */
static void test_ignored(void)
{
    const Refusal r = {.fixture = UNET,
                       .config = "{\"_model_class\":\"FPN\",\"encoder_name\":\"tu-convnext_x\"}"};
    g_autoptr(CnxSegmenter) segmenter = open_file(&r);

    g_assert_nonnull(
        strstr(cnx_segmenter_info(segmenter)->ignored,
               "\"_model_class\" is \"FPN\", but the weights have the head of a Unet"));
}

/* The config of another head fits the encoder, but it is not read at all: not its stride either. */
static void test_ignored_head(void)
{
    const Refusal r = {.fixture = DEEPLAB,
                       .config = DEEPLAB_CONFIG ",\"encoder_output_stride\":8,\"classes\":7}"};
    g_autoptr(CnxSegmenter) segmenter = open_file(&r);
    const CnxHeadInfo *info = cnx_segmenter_info(segmenter);

    g_assert_nonnull(strstr(info->ignored, "\"classes\" is 7, but the weights have 5"));
    g_assert_true(g_strv_contains((const char *const *)info->assumed, "encoder_output_stride=16"));
    g_assert_cmpuint(cnx_model_config(cnx_segmenter_backbone(segmenter))->dilations[2], ==, 1);
}

/* The largest rate of a DeepLabV3+ is not refused. */
static void test_largest_rate(void)
{
    const Refusal r = {.fixture = DEEPLAB,
                       .config = DEEPLAB_CONFIG ",\"decoder_atrous_rates\":[1024,1,24]}"};
    g_autoptr(CnxSegmenter) segmenter = open_file(&r);

    g_assert_null(cnx_segmenter_info(segmenter)->ignored);
}

/* A file whose tensors are views of one storage, large enough for the backbone: the head would take
 * more memory than the whole file. */
static void test_shared(void)
{
    const CnxOpenOptions options = {.weight_set = CNX_WEIGHT_SET_AUTO};
    g_auto(Mix) mix = mix_open("../segmenters/transformers-upernet");
    g_autofree HostileTensor *views = g_new0(HostileTensor, mix.own);
    g_autofree char *path = folder_path("model.pth"), *folder = folder_path("");
    g_autoptr(GError) error = NULL;
    gsize elements = 0;

    for (guint i = 0; i < mix.own; i++) {
        const CnxTensor *t = mix_tensor(&mix, i);

        views[i] = (HostileTensor){t->name, t->rank, {0}, t->elements};
        for (guint k = 0; k < t->rank; k++)
            views[i].shape[k] = (guint)t->shape[k];
        elements += g_str_has_prefix(t->name, "backbone.") ? t->elements : 0;
    }
    folder_clear();
    hostile_write_views(folder, views, mix.own, elements);
    g_assert_null(cnx_segmenter_open(path, &options, NULL, NULL, &error));
    g_assert_error(error, CNX_ERROR, CNX_ERROR_UNSUPPORTED);
    g_assert_nonnull(strstr(error->message, ": the tensors of its head have "));
    g_assert_nonnull(strstr(error->message, "many of them share one storage: save a copy of each"));
    folder_clear();
}

static int print_table(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(refusals); i++)
        g_print("| %s | `%s` |\n", refusals[i].what, refusals[i].sentence);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 2 && g_str_equal(argv[1], "--table"))
        return print_table();
    g_test_init(&argc, &argv, NULL);
    folder_new();
    for (guint i = 0; i < G_N_ELEMENTS(refusals); i++) {
        g_autofree char *name = g_strdup_printf("/segmenters_refused/%s", refusals[i].what);

        g_test_add_data_func(name, &refusals[i], test_refused);
    }
    g_test_add_func("/segmenters_refused/ignored", test_ignored);
    g_test_add_func("/segmenters_refused/ignored-head", test_ignored_head);
    g_test_add_func("/segmenters_refused/largest-rate", test_largest_rate);
    g_test_add_func("/segmenters_refused/shared", test_shared);
    const int result = g_test_run();
    folder_delete();
    return result;
}
