/* The heads of fine-tuned networks: against PyTorch's outputs (tests/fixtures/make_heads.py), and
 * what is refused.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <string.h>

#include "model/export/export.h"
#include "model/network/run.h"
#include "tests/fixtures/compare.h"
#include "tests/model/support/heads.h"
#include "tests/model/support/mix.h"

/* Against PyTorch */

enum { NOWHERE = 0, BY_TRANSFORMERS = 1, BY_TIMM = 2, EVERYWHERE = BY_TRANSFORMERS | BY_TIMM };

static const struct {
    const char *file, *activation;
    const char *head; /* in words */
    int layouts;      /* that can express the network */
} files[] = {
    {"torchvision-dropout.safetensors", NULL, "linear layer of 5", EVERYWHERE},
    {"torchvision-flatten-dropout.safetensors", NULL, "linear layer of 5", EVERYWHERE},
    {"torchvision-norm-after-flatten.safetensors", NULL, "linear layer of 5", EVERYWHERE},
    {"torchvision-no-norm.safetensors", NULL, "linear layer of 5", NOWHERE},
    {"torchvision-relu.safetensors", "relu", "linear layer of 8, relu; linear layer of 5", NOWHERE},
    {"torchvision-gelu.safetensors", "gelu", "linear layer of 8, gelu; linear layer of 5", BY_TIMM},
    {"torchvision-adjacent.safetensors", "none", "linear layer of 8; linear layer of 5", NOWHERE},
    {"torchvision-silu.safetensors", "silu",
     "linear layer of 8; batch norm, silu; linear layer of 5", NOWHERE},
    {"torchvision-relu-before-norm.safetensors", "relu,none",
     "linear layer of 8, relu; batch norm; linear layer of 5", NOWHERE},
    {"torchvision-tanh.safetensors", "tanh",
     "linear layer of 8; norm, tanh; linear layer of 6, tanh; linear layer of 5", NOWHERE},
    {"torchvision-batch-norm.safetensors", NULL, "batch norm; linear layer of 5", NOWHERE},
    {"torchvision-children.safetensors", NULL, "linear layer of 5", NOWHERE},
    {"torchvision-features.safetensors", NULL, "linear layer of 5", NOWHERE},
    {"torchvision-own-norm.safetensors", NULL, "norm; linear layer of 5", NOWHERE},
    {"timm-dropout.safetensors", NULL, "linear layer of 5", EVERYWHERE},
    {"timm-batch-norm.safetensors", "relu",
     "batch norm; linear layer of 8 (no bias), relu; batch norm; linear layer of 5 (no bias)",
     NOWHERE},
    {"timm-own-head.safetensors", NULL, "linear layer of 5", NOWHERE},
    {"timm-norm-before-pooling.safetensors", NULL, "linear layer of 5", BY_TIMM},
    {"timm-model-head.safetensors", NULL, "linear layer of 5", EVERYWHERE},
    {"timm-model-fc.safetensors", NULL, "linear layer of 5", EVERYWHERE},
    {"timm-model-classifier.safetensors", NULL, "linear layer of 5", EVERYWHERE},
    {"timm-model-linear.safetensors", NULL, "linear layer of 5", EVERYWHERE},
    {"timm-sequential.safetensors", NULL, "linear layer of 5", EVERYWHERE},
    {"timm-hidden-size.safetensors", NULL, "linear layer of 8, gelu; linear layer of 5", BY_TIMM},
    {"timm-children.safetensors", NULL, "linear layer of 5", NOWHERE},
    {"timm-fc1-bn1-fc2.safetensors", "none,relu",
     "linear layer of 8; batch norm, relu; linear layer of 5", NOWHERE},
    {"timm-blocks.safetensors", "relu",
     "linear layer of 8; batch norm, relu; linear layer of 6; batch norm, relu; linear layer of 5",
     NOWHERE},
    {"timm-features-only.safetensors", NULL, "linear layer of 5", NOWHERE},
    {"transformers-dropout.safetensors", NULL, "linear layer of 5", BY_TRANSFORMERS},
    {"transformers-own.safetensors", NULL, "linear layer of 5", BY_TRANSFORMERS},
    {"fastai-learner.pth", NULL,
     "maximum and mean; batch norm; linear layer of 12 (no bias), relu; batch norm; linear layer "
     "of 5 (no bias)",
     NOWHERE},
    {"fastai-two-hidden.safetensors", NULL,
     "maximum and mean; batch norm; linear layer of 12 (no bias), relu; batch norm; linear layer "
     "of 8 (no bias), relu; batch norm; linear layer of 5 (no bias); batch norm",
     NOWHERE},
    {"fastai-mean.safetensors", NULL,
     "batch norm; linear layer of 12 (no bias), relu; batch norm; linear layer of 5 (no bias)",
     NOWHERE},
    {"fastai-timm.safetensors", NULL,
     "maximum and mean; batch norm; linear layer of 12 (no bias), relu; batch norm; linear layer "
     "of 5 (no bias)",
     NOWHERE},
    {"fastai-timm-hnf.safetensors", NULL,
     "maximum and mean; batch norm; linear layer of 12 (no bias), relu; batch norm; linear layer "
     "of 5 (no bias)",
     NOWHERE},
};

/* Files with a head behind a network without classes */
static const char *const assumed[] = {
    "timm-model-head.safetensors",
    "timm-model-fc.safetensors",
    "timm-model-classifier.safetensors",
    "timm-model-linear.safetensors",
    "timm-sequential.safetensors",
    "timm-hidden-size.safetensors",
    "timm-fc1-bn1-fc2.safetensors",
    "timm-blocks.safetensors",
    "transformers-own.safetensors",
    "transformers-dropout.safetensors",
    NULL,
};

static const CnxTensor *find_expected(const CnxContainer *expected, const char *file,
                                      const char *output)
{
    g_autofree char *stem = g_strndup(file, (gsize)(strrchr(file, '.') - file));
    g_autofree char *name = g_strconcat(stem, "/", output, NULL);
    guint count;
    const CnxTensor *tensors = cnx_container_tensors(expected, &count);

    for (guint i = 0; i < count; i++)
        if (g_str_equal(tensors[i].name, name))
            return &tensors[i];
    g_error("no expected %s", name);
}

static double compare(const CnxContainer *expected, const char *file, CnxModel *model)
{
    g_autoptr(CnxRun) run = heads_run(model, 1, CNX_OUTPUT_LOGITS | CNX_OUTPUT_EMBEDDING);
    const CnxOutputs *outputs = cnx_run_forward(run, 1);
    const double logits = compare_values(outputs->logits.data, outputs->logits.channels,
                                         find_expected(expected, file, "logits"));
    const double embedding = compare_values(outputs->embedding.data, outputs->embedding.channels,
                                            find_expected(expected, file, "embedding"));

    g_test_message("%s: logits %.2g, embedding %.2g", file, logits, embedding);
    return logits > embedding ? logits : embedding;
}

static CnxContainer *open_expected(void)
{
    GError *error = NULL;
    CnxContainer *expected =
        cnx_container_open(FIXTURES "/heads/expected.safetensors", CNX_WEIGHT_SET_AUTO, &error);

    g_assert_no_error(error);
    return expected;
}

static void test_files(void)
{
    CnxContainer *expected = open_expected();
    double worst = 0;

    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(FIXTURES "/heads", files[i].file, NULL);
        g_autoptr(CnxModel) model = heads_open_model(path, files[i].activation);
        const CnxConfig *config = cnx_model_config(model);
        g_autofree char *head = cnx_head_text(&config->head);
        const double d = compare(expected, files[i].file, model);

        g_assert_cmpstr(head, ==, files[i].head);
        g_assert_cmpuint(config->classes, ==, 5);
        g_assert_cmpint(config->norm_is_assumed, ==, g_strv_contains(assumed, files[i].file));
        if (!(d <= HEADS_TOLERANCE))
            g_error("%s: %g", files[i].file, d);
        worst = MAX(worst, d);
    }
    g_test_message("worst of %u: %.2g", (guint)G_N_ELEMENTS(files), worst);
    cnx_container_close(expected);
}

/* Without its activation, each such head is refused with a sentence that names the property. */
static void test_unknown(void)
{
    guint unknown = 0;

    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(FIXTURES "/heads", files[i].file, NULL);
        g_autoptr(GError) error = NULL;

        if (!files[i].activation)
            continue;
        g_assert_null(cnx_checkpoint_open(path, CNX_WEIGHT_SET_AUTO, &error));
        g_assert_error(error, CNX_ERROR, CNX_ERROR_UNSUPPORTED);
        g_assert_true(strstr(error->message, "which activation is between the layers "));
        g_assert_true(strstr(error->message,
                             "set head-activation to relu, gelu, gelu-tanh, silu, tanh or none"));
        g_assert_cmpint(strchr(files[i].activation, ',') != NULL, ==,
                        strstr(error->message, "as a comma-separated list for 2 places") != NULL);
        unknown++;
    }
    g_assert_cmpuint(unknown, ==, 9);
}

#define FOUR "none,none,none,none,"

/* Words that do not fit a head */
static void test_words(void)
{
    static const struct {
        const char *file, *activation, *sentence;
    } wrong[] = {
        {"torchvision-dropout.safetensors", "relu",
         "head-activation is \"relu\", but the head has 0 places with an unknown activation"},
        {"fastai-learner.pth", "relu", "but the head has 0 places with an unknown activation"},
        {"torchvision-relu.safetensors", "relu,none",
         "but the head has 1 place with an unknown activation"},
        {"torchvision-tanh.safetensors", "tanh,tanh,none", "but the head has 2 places"},
        {"torchvision-relu-before-norm.safetensors", "relu", "but the head has 2 places"},
        {"torchvision-relu-before-norm.safetensors", "none,none,none", "but the head has 2 places"},
        {"torchvision-relu.safetensors", "hardswish",
         "head-activation is \"hardswish\", expected relu, gelu, gelu-tanh, silu, tanh or none"},
        {"torchvision-relu.safetensors", FOUR FOUR FOUR FOUR "none",
         "or a comma-separated list of up to 16 of these"},
        {"torchvision-relu.safetensors", "relu,", "head-activation is \"relu,\", expected relu"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autofree char *path = g_build_filename(FIXTURES "/heads", wrong[i].file, NULL);
        const CnxOpenOptions options = {.head_activation = wrong[i].activation};
        g_autoptr(GError) error = NULL;

        g_assert_null(cnx_checkpoint_open_with(path, &options, &error));
        g_assert_error(error, CNX_ERROR, CNX_ERROR_SETTINGS);
        if (!strstr(error->message, wrong[i].sentence))
            g_error("%s", error->message);
    }
}

static void remove_folder(const char *folder)
{
    static const char *const names[] = {"model.safetensors", "config.json",
                                        "preprocessor_config.json"};

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(folder, names[i], NULL);

        g_remove(path);
    }
    g_rmdir(folder);
}

/* A conversion keeps the logits, or is refused with a sentence. */
static void test_export(void)
{
    CnxContainer *expected = open_expected();
    g_autofree char *folder = folder_path("converted");

    for (guint i = 0; i < 2 * G_N_ELEMENTS(files); i++) {
        const CnxExportOptions options = {.layout =
                                              i % 2 ? CNX_EXPORT_TIMM : CNX_EXPORT_TRANSFORMERS};
        const CnxOpenOptions open = {.head_activation = files[i / 2].activation};
        g_autofree char *path = g_build_filename(FIXTURES "/heads", files[i / 2].file, NULL);
        g_autoptr(CnxCheckpoint) checkpoint = cnx_checkpoint_open_with(path, &open, NULL);
        g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(GError) error = NULL;

        g_assert_nonnull(checkpoint);
        if (!(files[i / 2].layouts & (i % 2 ? BY_TIMM : BY_TRANSFORMERS))) {
            g_assert_false(cnx_export_folder(checkpoint, folder, &options, notes, &error));
            g_assert_true(strstr(error->message, "cannot be written for "));
            continue;
        }
        cnx_export_folder(checkpoint, folder, &options, notes, &error);
        g_assert_no_error(error);
        g_autoptr(CnxModel) model = heads_open_model(folder, NULL);
        g_assert_cmpfloat(compare(expected, files[i / 2].file, model), <=, HEADS_TOLERANCE);
        remove_folder(folder);
    }
    cnx_container_close(expected);
}

/* What is refused */

typedef struct Extra {
    const char *name;
    guint64 shape[5];
} Extra;

static const struct {
    const char *activation;
    Extra extras[4];
    const char *sentence;
} refused[] = {
    {NULL,
     {{"fc.weight", {5, 20}}, {"aux.weight", {3, 20}}},
     "tensor \"fc.weight\" of shape [5,20] is not part of a timm ConvNeXt: it looks like a second "
     "head, parallel to the head \"aux.weight\""},
    {NULL,
     {{"fc.weight", {5, 32}}},
     "a layer of 32 inputs in the head, but the network has 20 channels"},
    {NULL, {{"fc.weight", {5, 40}}}, "a head on two poolings of the 20 channels"},
    {NULL, {{"arc.weight", {5, 20}}}, "a margin head (ArcFace, CosFace)"},
    {NULL,
     {{"a.weight", {20, 20}}, {"b.weight", {20, 20}}, {"c.weight", {5, 20}}},
     "have more than one possible order"},
    {NULL,
     {{"a.weight", {8, 20}}, {"b.weight", {20, 8}}, {"c.weight", {5, 8}}},
     "have no possible order: \"head.norm.weight\" of shape [20], \"a.weight\" of shape [8,20], "
     "\"b.weight\" of shape [20,8], \"c.weight\" of shape [5,8]; expected"},
    {NULL,
     {{"fc.0.weight", {8, 20, 1, 1}}, {"fc.1.weight", {5, 8}}},
     "which activation is between the layers \"fc.0.weight\" of shape [8,20,1,1] and "
     "\"fc.1.weight\" of shape [5,8]"},
    {"relu",
     {{"fc.0.weight", {8, 20, 1, 1}}, {"fc.2.weight", {5, 8}}},
     "tensor \"fc.0.weight\" of shape [8,20,1,1] is not part of a timm ConvNeXt: it looks like a "
     "convolution"},
    {NULL,
     {{"fc.0.weight", {8, 20}}, {"fc.1.weight", {1}}, {"fc.2.weight", {5, 8}}},
     "tensor \"fc.1.weight\" of shape [1] is not part of a timm ConvNeXt: it looks like a learned "
     "scalar"},
    {"relu",
     {{"se.fc1.weight", {4, 20}}, {"se.fc2.weight", {20, 4}}, {"fc.weight", {5, 20}}},
     "tensor \"se.fc2.weight\" of shape [20,4] is not part of a timm ConvNeXt: it looks like a "
     "parallel branch"},
    {NULL, {{"bn.running_mean", {20}}, {"fc.weight", {5, 20}}}, "the statistics of a batch norm"},
    {NULL, {{"fc.weight", {5, 20}}, {"module.fc.weight", {5, 20}}}, "map to the same part"},
};

static void check_refused(const char *activation, const char *sentence)
{
    const CnxOpenOptions options = {.head_activation = activation};
    g_autofree char *path = folder_path("model.safetensors");
    g_autoptr(GError) error = NULL;

    g_assert_null(cnx_checkpoint_open_with(path, &options, &error));
    g_assert_true(g_str_has_prefix(error->message, path));
    if (!strstr(error->message, sentence))
        g_error("%s", error->message);
}

static void test_refused(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_auto(Mix) mix = mix_open("timm-fcmae");

        for (guint k = 0; k < 4 && refused[i].extras[k].name; k++)
            mix_add(&mix, refused[i].extras[k].name, refused[i].extras[k].shape, NULL);
        mix_write(&mix);
        check_refused(refused[i].activation, refused[i].sentence);
    }
    folder_clear();
}

/* An ignored matrix that fits is named where a head is missing. */
static void test_unused(void)
{
    g_auto(Mix) mix = mix_open("timm-fcmae");

    mix_add(&mix, "dino_head.weight", (const guint64[]){5, HEADS_CHANNELS, 0}, NULL);
    mix_write(&mix);
    g_autoptr(CnxCheckpoint) checkpoint = folder_open(TRUE);
    const CnxConfig *config = cnx_checkpoint_config(checkpoint);
    g_assert_cmpuint(config->classes, ==, 0);
    g_assert_cmpstr(config->unused_heads, ==,
                    "\"dino_head.weight\" of shape [5,20], which belongs to the pre-training");
    folder_clear();
}

/* Layers in one Sequential are no branch, though a bottleneck returns to the channels of the body.
 */
static void test_bottleneck(void)
{
    const CnxOpenOptions options = {.head_activation = "none"};
    g_autofree char *path = folder_path("model.safetensors");
    g_auto(Mix) mix = mix_open("timm-fcmae");
    GError *error = NULL;

    mix_add(&mix, "own.0.weight", (const guint64[]){8, HEADS_CHANNELS, 0}, NULL);
    mix_add(&mix, "own.1.weight", (const guint64[]){HEADS_CHANNELS, 8, 0}, NULL);
    mix_add(&mix, "own.2.weight", (const guint64[]){5, HEADS_CHANNELS, 0}, NULL);
    mix_write(&mix);
    g_autoptr(CnxCheckpoint) checkpoint = cnx_checkpoint_open_with(path, &options, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(cnx_checkpoint_config(checkpoint)->head.count, ==, 3);
    g_assert_cmpuint(cnx_checkpoint_config(checkpoint)->classes, ==, 5);
    folder_clear();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (compare_level_lacks())
        return 77;
    folder_new();
    g_test_add_func("/heads/files", test_files);
    g_test_add_func("/heads/unknown", test_unknown);
    g_test_add_func("/heads/words", test_words);
    g_test_add_func("/heads/export", test_export);
    g_test_add_func("/heads/refused", test_refused);
    g_test_add_func("/heads/unused", test_unused);
    g_test_add_func("/heads/bottleneck", test_bottleneck);
    const int status = g_test_run();
    folder_delete();
    return status;
}
