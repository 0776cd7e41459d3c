/* The regression of convnext-teach: the optimum of scikit-learn's LogisticRegression, the layer
 * that it becomes, and the folds.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "pipelines/teach/folds.h"

#define MAX_COUNT 20
#define MAX_WIDTH 9
#define MAX_CLASSES 4

typedef struct Case {
    guint count, width, classes;
    double penalty;
    guint y[MAX_COUNT];
    float x[MAX_COUNT * MAX_WIDTH];
    double weight[MAX_CLASSES * MAX_WIDTH], bias[MAX_CLASSES];
} Case;

#include "tests/fixtures/teach.inc"

static TeachData data_of(const Case *c)
{
    return (TeachData){c->count, c->width, c->classes, c->x, c->y};
}

static void test_optimum(void)
{
    for (guint k = 0; k < G_N_ELEMENTS(cases); k++) {
        const Case *c = &cases[k];
        const TeachData data = data_of(c);
        g_autoptr(TeachModel) model = teach_model_fit(&data, NULL, c->penalty, TEACH_EXACT, NULL);
        double mean = 0;

        g_assert_cmpfloat(model->gradient, <, 1e-7);
        for (guint i = 0; i < c->classes; i++)
            mean += model->bias[i] / c->classes; /* only the differences of biases count */
        for (guint i = 0; i < c->classes; i++) {
            g_assert_cmpfloat_with_epsilon(model->bias[i] - mean, c->bias[i], 1e-5);
            for (guint j = 0; j < c->width; j++)
                g_assert_cmpfloat_with_epsilon(model->weight[i * model->padded + j],
                                               c->weight[i * c->width + j], 1e-5);
        }
    }
}

/* The exported layer gives the same probabilities as the model. */
static void test_export(void)
{
    for (guint k = 0; k < G_N_ELEMENTS(cases); k++) {
        const Case *c = &cases[k];
        const TeachData data = data_of(c);
        g_autoptr(TeachModel) model = teach_model_fit(&data, NULL, c->penalty, TEACH_EXACT, NULL);
        float weight[MAX_CLASSES * MAX_WIDTH], bias[MAX_CLASSES];

        teach_model_export(model, weight, bias);
        for (guint i = 0; i < c->count; i++) {
            double logs[MAX_CLASSES], logits[MAX_CLASSES];

            teach_model_predict(model, c->x + i * c->width, logs);
            for (guint n = 0; n < c->classes; n++) {
                logits[n] = bias[n];
                for (guint j = 0; j < c->width; j++)
                    logits[n] += (double)weight[n * c->width + j] * c->x[i * c->width + j];
                g_assert_cmpfloat_with_epsilon(logits[n] - logits[0], logs[n] - logs[0], 1e-4);
            }
        }
    }
}

/* A start from elsewhere ends at the same optimum, and pictures out of use have no influence. */
static void test_start_and_use(void)
{
    const Case *c = &cases[0];
    TeachData data = data_of(c), less = data;
    guint8 use[MAX_COUNT];

    less.count--;
    for (guint i = 0; i < c->count; i++)
        use[i] = i < less.count;
    g_autoptr(TeachModel) start = teach_model_fit(&data, NULL, 30, TEACH_ROUGH, NULL);
    g_autoptr(TeachModel) a = teach_model_fit(&data, use, 0.1, TEACH_EXACT, start);
    g_autoptr(TeachModel) b = teach_model_fit(&less, NULL, 0.1, TEACH_EXACT, NULL);
    for (guint j = 0; j < a->padded; j++)
        g_assert_cmpfloat_with_epsilon(a->weight[j], b->weight[j], 1e-5);
}

static void test_folds(void)
{
    const Case *c = &cases[0]; /* classes of 7, 4 and 9 pictures */
    const TeachData data = data_of(c);
    g_autoptr(TeachFolds) a = teach_folds_new(&data), b = teach_folds_new(&data);
    guint sizes[TEACH_FOLDS] = {0}, all = 0, right = 0;

    g_assert_cmpuint(a->folds, ==, 4);
    for (guint i = 0; i < c->count; i++) {
        guint8 use[MAX_COUNT];
        double logs[MAX_CLASSES];

        sizes[a->fold[i]]++;
        for (guint k = 0; k < c->count; k++)
            use[k] = a->fold[k] != a->fold[i];
        g_autoptr(TeachModel) model = teach_model_fit(&data, use, a->penalty, TEACH_EXACT, NULL);
        teach_model_predict(model, c->x + i * c->width, logs);
        g_assert_cmpfloat_with_epsilon(exp(logs[a->said[i]]), a->score[i], 1e-3);
        right += a->said[i] == c->y[i];
    }
    for (guint k = 0; k < a->folds; k++)
        g_assert_cmpuint(sizes[k], ==, 5);
    for (guint i = 0; i < c->classes * c->classes; i++)
        all += a->confusion[i];
    g_assert_cmpuint(all, ==, c->count);
    g_assert_cmpfloat(a->mean, ==, (double)right / c->count);
    g_assert_cmpmem(a->score, c->count * sizeof *a->score, b->score, c->count * sizeof *b->score);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/teach/optimum", test_optimum);
    g_test_add_func("/teach/export", test_export);
    g_test_add_func("/teach/start-and-use", test_start_and_use);
    g_test_add_func("/teach/folds", test_folds);
    return g_test_run();
}
