/* All combinations of a head's steps, behind a network without classes, against the same steps in
 * double.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include "tests/fixtures/compare.h"
#include "tests/model/support/heads.h"
#include "tests/model/support/mix.h"

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
    static const guint widths[] = {HEADS_CHANNELS, 12, 24};
    const gboolean acts = c->act != CNX_HEAD_ACT_NONE;

    c->count = c->next = 0;
    if (c->front != CNX_HEAD_LINEAR)
        add_layer(c, (CnxHeadKind)c->front, HEADS_CHANNELS, HEADS_CHANNELS, rand);
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

/* features: of the body, [IMAGES, HEADS_CHANNELS] */
static double check_combination(const Combination *c, const float *features)
{
    g_autofree char *path = folder_path("model.safetensors");
    g_autoptr(CnxModel) model =
        heads_open_model(path, c->hidden ? cnx_head_act_name(c->act) : NULL);
    g_autoptr(CnxRun) run = heads_run(model, IMAGES, CNX_OUTPUT_LOGITS | CNX_OUTPUT_EMBEDDING);
    const CnxOutputs *outputs = cnx_run_forward(run, IMAGES);
    double worst = 0;

    g_assert_cmpuint(cnx_model_config(model)->head.count, ==, c->count);
    for (guint image = 0; image < IMAGES; image++) {
        const guint width = c->layers[c->count - 1].inputs;
        double x[WIDEST];

        for (guint i = 0; i < HEADS_CHANNELS; i++)
            x[i] = features[image * HEADS_CHANNELS + i];
        for (guint i = 0; i + 1 < c->count; i++)
            apply_layer(&c->layers[i], x);
        g_assert_cmpuint(outputs->embedding.channels, ==, width);
        const double a = difference(outputs->embedding.data + image * width, x, width);
        apply_layer(&c->layers[c->count - 1], x);
        const double b = difference(outputs->logits.data + image * 5, x, 5);
        if (!(a <= HEADS_TOLERANCE && b <= HEADS_TOLERANCE))
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
    g_autoptr(CnxModel) body = heads_open_model(FIXTURES "/networks/timm-fcmae", NULL);
    g_autoptr(CnxRun) run = heads_run(body, IMAGES, CNX_OUTPUT_EMBEDDING);
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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (compare_level_lacks())
        return 77;
    folder_new();
    g_test_add_func("/heads/combinations", test_combinations);
    const int status = g_test_run();
    folder_delete();
    return status;
}
