/* The heads of fine-tuned networks: against PyTorch's outputs (tests/fixtures/make_heads.py), and
 * all combinations of steps against the same steps in double.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "model/export/export.h"
#include "model/network/run.h"
#include "tests/fixtures/compare.h"
#include "tests/fixtures/seeded.h"
#include "tests/model/support/mix.h"

#define TOLERANCE 2e-5 /* standard deviations */
#define SIDE 32

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

static CnxModel *open_model(const char *path, const char *activation)
{
    const CnxOpenOptions options = {.head_activation = activation};
    GError *error = NULL;
    CnxModel *model = cnx_model_open_with(path, &options, &error);

    g_assert_no_error(error);
    return model;
}

/* n images "32x32/0", "32x32/1", ... */
static CnxRun *run_model(CnxModel *model, guint n, CnxOutput outputs)
{
    GError *error = NULL;
    CnxRun *run = cnx_run_new(model, SIDE, SIDE, n, outputs, 1, &error);

    g_assert_no_error(error);
    for (guint i = 0; i < n; i++) {
        g_autofree char *image = g_strdup_printf("32x32/%u", i);

        seeded_input(cnx_run_input(run, i), image, SIDE, SIDE);
    }
    return run;
}

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
    g_autoptr(CnxRun) run = run_model(model, 1, CNX_OUTPUT_LOGITS | CNX_OUTPUT_EMBEDDING);
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
        g_autoptr(CnxModel) model = open_model(path, files[i].activation);
        const CnxConfig *config = cnx_model_config(model);
        g_autofree char *head = cnx_head_text(&config->head);
        const double d = compare(expected, files[i].file, model);

        g_assert_cmpstr(head, ==, files[i].head);
        g_assert_cmpuint(config->classes, ==, 5);
        g_assert_cmpint(config->norm_is_assumed, ==, g_strv_contains(assumed, files[i].file));
        if (!(d <= TOLERANCE))
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
                        strstr(error->message, "one for each of 2 places") != NULL);
        unknown++;
    }
    g_assert_cmpuint(unknown, ==, 9);
}

/* Words that do not fit a head */
static void test_words(void)
{
    static const struct {
        const char *file, *activation, *sentence;
    } wrong[] = {
        {"torchvision-dropout.safetensors", "relu",
         "head-activation is \"relu\", but the head has 0 places for an activation"},
        {"fastai-learner.pth", "relu", "but the head has 0 places for an activation"},
        {"torchvision-relu.safetensors", "relu,none", "but the head has 1 place for an activation"},
        {"torchvision-tanh.safetensors", "tanh,tanh,none", "but the head has 2 places"},
        {"torchvision-relu-before-norm.safetensors", "relu", "but the head has 2 places"},
        {"torchvision-relu-before-norm.safetensors", "none,none,none", "but the head has 2 places"},
        {"torchvision-relu.safetensors", "hardswish",
         "head-activation is \"hardswish\", expected relu, gelu, gelu-tanh, silu, tanh or none"},
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
        g_autoptr(CnxModel) model = open_model(folder, NULL);
        g_assert_cmpfloat(compare(expected, files[i / 2].file, model), <=, TOLERANCE);
        remove_folder(folder);
    }
    cnx_container_close(expected);
}

/* All combinations of steps */

#define CHANNELS 20 /* of timm-fcmae */
#define WIDEST 24
#define IMAGES 2

typedef struct Layer {
    CnxHeadKind kind;
    guint inputs, outputs, number; /* in the Sequential */
    gboolean bias;
    CnxHeadAct act;
    float weight[WIDEST * WIDEST], shift[WIDEST], mean[WIDEST], variance[WIDEST];
} Layer;

typedef struct Combination {
    int front, between; /* CnxHeadKind; CNX_HEAD_LINEAR: no layer */
    guint hidden;       /* layers */
    CnxHeadAct act;
    gboolean act_first; /* before the norm; without an activation there is a dropout */
    gboolean bias;
    Layer layers[8];
    guint count, next; /* layers, number of the next module */
} Combination;

static void add_layer(Combination *c, CnxHeadKind kind, guint inputs, guint outputs, GRand *rand)
{
    Layer *layer = &c->layers[c->count++];

    layer->kind = kind;
    layer->inputs = inputs;
    layer->outputs = outputs;
    layer->number = c->next++;
    layer->bias = kind != CNX_HEAD_LINEAR || c->bias;
    layer->act = CNX_HEAD_ACT_NONE;
    for (guint i = 0; i < inputs * outputs; i++)
        layer->weight[i] = (float)g_rand_double_range(rand, -0.5, 0.5);
    for (guint i = 0; i < outputs; i++) {
        layer->shift[i] = (float)g_rand_double_range(rand, -0.5, 0.5);
        layer->mean[i] = (float)g_rand_double_range(rand, -0.5, 0.5);
        layer->variance[i] = (float)g_rand_double_range(rand, 0.5, 1.5);
    }
}

/* An activation behind the last layer, or a dropout */
static void add_act(Combination *c)
{
    c->layers[c->count - 1].act = c->act;
    c->next++;
}

static void make_layers(Combination *c, GRand *rand)
{
    static const guint widths[] = {CHANNELS, 12, 24};
    const gboolean acts = c->act != CNX_HEAD_ACT_NONE;

    c->count = c->next = 0;
    if (c->front != CNX_HEAD_LINEAR)
        add_layer(c, (CnxHeadKind)c->front, CHANNELS, CHANNELS, rand);
    for (guint i = 0; i < c->hidden; i++) {
        const guint width = widths[i + 1];

        add_layer(c, CNX_HEAD_LINEAR, widths[i], width, rand);
        if (c->act_first)
            add_act(c);
        if (c->between != CNX_HEAD_LINEAR)
            add_layer(c, (CnxHeadKind)c->between, width, width, rand);
        if (!c->act_first && acts)
            add_act(c);
    }
    add_layer(c, CNX_HEAD_LINEAR, widths[c->hidden], 5, rand);
}

static void write_layers(const Combination *c, Mix *mix)
{
    for (guint i = 0; i < c->count; i++) {
        const Layer *layer = &c->layers[i];
        const guint64 vector[] = {layer->outputs, 0}, matrix[] = {layer->outputs, layer->inputs, 0};

        const struct {
            const char *leaf;
            const float *values;
            gboolean has;
        } tensors[] = {
            {"weight", layer->weight, TRUE},
            {"bias", layer->shift, layer->bias},
            {"running_mean", layer->mean, layer->kind == CNX_HEAD_BATCH_NORM},
            {"running_var", layer->variance, layer->kind == CNX_HEAD_BATCH_NORM},
        };

        for (guint k = 0; k < G_N_ELEMENTS(tensors); k++) {
            g_autofree char *name = g_strdup_printf("own.%u.%s", layer->number, tensors[k].leaf);

            if (tensors[k].has)
                mix_add(mix, name, k == 0 && layer->kind == CNX_HEAD_LINEAR ? matrix : vector,
                        tensors[k].values);
        }
    }
}

static double apply_act(double x, CnxHeadAct act)
{
    switch (act) {
    case CNX_HEAD_ACT_NONE:
        return x;
    case CNX_HEAD_ACT_RELU:
        return x > 0 ? x : 0;
    case CNX_HEAD_ACT_GELU:
        return x / 2 * (1 + erf(x / sqrt(2)));
    case CNX_HEAD_ACT_GELU_TANH:
        return x / 2 * (1 + tanh(sqrt(2 / G_PI) * (x + 0.044715 * x * x * x)));
    case CNX_HEAD_ACT_SILU:
        return x / (1 + exp(-x));
    case CNX_HEAD_ACT_TANH:
        return tanh(x);
    }
    g_assert_not_reached();
}

static void apply_layer(const Layer *layer, double *x)
{
    double y[WIDEST], mean = 0, variance = 0;

    for (guint i = 0; i < layer->inputs; i++)
        mean += x[i] / layer->inputs;
    for (guint i = 0; i < layer->inputs; i++)
        variance += (x[i] - mean) * (x[i] - mean) / layer->inputs;
    for (guint o = 0; o < layer->outputs; o++) {
        if (layer->kind == CNX_HEAD_LINEAR) {
            y[o] = layer->bias ? (double)layer->shift[o] : 0;
            for (guint i = 0; i < layer->inputs; i++)
                y[o] += (double)layer->weight[o * layer->inputs + i] * x[i];
        } else if (layer->kind == CNX_HEAD_NORM) {
            y[o] = (x[o] - mean) / sqrt(variance + 1e-5) * (double)layer->weight[o] +
                   (double)layer->shift[o];
        } else {
            y[o] = (x[o] - (double)layer->mean[o]) / sqrt((double)layer->variance[o] + 1e-5) *
                       (double)layer->weight[o] +
                   (double)layer->shift[o];
        }
        y[o] = apply_act(y[o], layer->act);
    }
    memcpy(x, y, layer->outputs * sizeof *y);
}

static double difference(const float *found, const double *expected, guint n)
{
    double worst = 0, mean = 0, variance = 0;

    for (guint i = 0; i < n; i++)
        mean += expected[i] / n;
    for (guint i = 0; i < n; i++) {
        variance += (expected[i] - mean) * (expected[i] - mean) / n;
        worst = MAX(worst, fabs((double)found[i] - expected[i]));
        if (isnan(found[i]))
            return NAN;
    }
    return worst / sqrt(variance);
}

/* features: of the body, [IMAGES, CHANNELS] */
static double check_combination(const Combination *c, const float *features)
{
    g_autofree char *path = folder_path("model.safetensors");
    g_autoptr(CnxModel) model = open_model(path, c->hidden ? cnx_head_act_name(c->act) : NULL);
    g_autoptr(CnxRun) run = run_model(model, IMAGES, CNX_OUTPUT_LOGITS | CNX_OUTPUT_EMBEDDING);
    const CnxOutputs *outputs = cnx_run_forward(run, IMAGES);
    double worst = 0;

    g_assert_cmpuint(cnx_model_config(model)->head.count, ==, c->count);
    for (guint image = 0; image < IMAGES; image++) {
        const guint width = c->layers[c->count - 1].inputs;
        double x[WIDEST];

        for (guint i = 0; i < CHANNELS; i++)
            x[i] = features[image * CHANNELS + i];
        for (guint i = 0; i + 1 < c->count; i++)
            apply_layer(&c->layers[i], x);
        g_assert_cmpuint(outputs->embedding.channels, ==, width);
        const double a = difference(outputs->embedding.data + image * width, x, width);
        apply_layer(&c->layers[c->count - 1], x);
        const double b = difference(outputs->logits.data + image * 5, x, 5);
        if (!(a <= TOLERANCE && b <= TOLERANCE))
            g_error("front %d, %u hidden, between %d, %s%s, bias %d: %g and %g", c->front,
                    c->hidden, c->between, cnx_head_act_name(c->act),
                    c->act_first ? " before the norm" : "", c->bias, a, b);
        worst = MAX(worst, MAX(a, b));
    }
    return worst;
}

static void test_combinations(void)
{
    static const int kinds[] = {CNX_HEAD_LINEAR, CNX_HEAD_NORM, CNX_HEAD_BATCH_NORM};
    g_auto(Mix) mix = mix_open("timm-fcmae");
    g_autoptr(CnxModel) body = open_model(FIXTURES "/networks/timm-fcmae", NULL);
    g_autoptr(CnxRun) run = run_model(body, IMAGES, CNX_OUTPUT_EMBEDDING);
    const float *features = cnx_run_forward(run, IMAGES)->embedding.data;
    GRand *rand = g_rand_new_with_seed(1);
    double worst = 0;
    guint tried = 0;

    for (guint i = 0; i < 3 * 3 * 3 * 6 * 2 * 2; i++) {
        Combination c = {.front = kinds[i % 3],
                         .between = kinds[i / 3 % 3],
                         .hidden = i / 9 % 3,
                         .act = (CnxHeadAct)(i / 27 % 6),
                         .act_first = i / 162 % 2,
                         .bias = i / 324};

        if (c.hidden == 0 && (c.between != CNX_HEAD_LINEAR || c.act || c.act_first))
            continue;
        make_layers(&c, rand);
        write_layers(&c, &mix);
        mix_write(&mix);
        worst = MAX(worst, check_combination(&c, features));
        mix_reset(&mix);
        tried++;
    }
    g_assert_cmpuint(tried, ==, 2 * 3 + 2 * 2 * 3 * 3 * 6 * 2);
    g_test_message("worst of %u: %.2g", tried, worst);
    g_rand_free(rand);
    folder_clear();
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
     "head, beside the head \"aux.weight\""},
    {NULL,
     {{"fc.weight", {5, 32}}},
     "a layer of 32 inputs in the head, but the network has 20 channels"},
    {NULL, {{"fc.weight", {5, 40}}}, "a head on two poolings of the 20 channels"},
    {NULL, {{"arc.weight", {5, 20}}}, "a margin head (ArcFace, CosFace)"},
    {NULL,
     {{"a.weight", {20, 20}}, {"b.weight", {20, 20}}, {"c.weight", {5, 20}}},
     "follow each other in more than one possible order"},
    {NULL,
     {{"a.weight", {8, 20}}, {"b.weight", {20, 8}}, {"c.weight", {5, 8}}},
     "follow each other in no order: \"head.norm.weight\" of shape [20], \"a.weight\" of shape "
     "[8,20], \"b.weight\" of shape [20,8], \"c.weight\" of shape [5,8]; expected"},
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
     "number"},
    {"relu",
     {{"se.fc1.weight", {4, 20}}, {"se.fc2.weight", {20, 4}}, {"fc.weight", {5, 20}}},
     "tensor \"se.fc2.weight\" of shape [20,4] is not part of a timm ConvNeXt: it looks like a "
     "branch"},
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

    mix_add(&mix, "dino_head.weight", (const guint64[]){5, CHANNELS, 0}, NULL);
    mix_write(&mix);
    g_autoptr(CnxCheckpoint) checkpoint = folder_open(TRUE);
    const CnxConfig *config = cnx_checkpoint_config(checkpoint);
    g_assert_cmpuint(config->classes, ==, 0);
    g_assert_cmpstr(config->unused_heads, ==,
                    "\"dino_head.weight\" of shape [5,20], which belongs to the pre-training");
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
    g_test_add_func("/heads/combinations", test_combinations);
    g_test_add_func("/heads/refused", test_refused);
    g_test_add_func("/heads/unused", test_unused);
    const int status = g_test_run();
    folder_delete();
    return status;
}
