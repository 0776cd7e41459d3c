/* Class activation maps against PyTorch's (tests/fixtures/make_cam.py).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/network/cam.h"

#include <math.h>

#include "model/containers/container.h"
#include "tests/fixtures/compare.h"
#include "tests/fixtures/seeded.h"
#include "tests/model/support/heads.h"

#define TOLERANCE 5e-5 /* standard deviations */

static const struct {
    const char *name, *file, *activation;
    gboolean is_exact; /* the mean of the map is the logit */
} cases[] = {
    {"timm-v1", "/networks/timm-v1", NULL, TRUE},
    {"timm-atto-rms", "/networks/timm-atto-rms", NULL, TRUE},
    {"timm-zepto-rms", "/networks/timm-zepto-rms", NULL, TRUE},
    {"torchvision-v1", "/networks/torchvision-v1", NULL, TRUE},
    {"transformers-v1", "/networks/transformers-v1", NULL, TRUE},
    {"timm-hnf", "/networks/timm-hnf", NULL, TRUE},
    {"torchvision-adjacent", "/heads/torchvision-adjacent.safetensors", "none", TRUE},
    {"torchvision-batch-norm", "/heads/torchvision-batch-norm.safetensors", NULL, TRUE},
    {"timm-mlp-head", "/networks/timm-mlp-head", NULL, FALSE},
    {"torchvision-gelu", "/heads/torchvision-gelu.safetensors", "gelu", FALSE},
};

static double mean_of(const float *values, gsize n)
{
    double sum = 0;

    for (gsize i = 0; i < n; i++)
        sum += values[i];
    return sum / (double)n;
}

/* expected: [classes, height, width] of the second of two images, to see that the first is left
 * alone. */
static void check_maps(CnxModel *model, const CnxTensor *expected, gboolean is_exact)
{
    const guint classes = cnx_model_config(model)->classes;
    GError *error = NULL;
    g_autoptr(CnxRun) run =
        cnx_run_new(model, 257, 225, 2, CNX_OUTPUT_LOGITS | CNX_OUTPUT_STAGE4, 1, &error);

    g_assert_no_error(error);
    seeded_input(cnx_run_input(run, 0), "another", 225, 257);
    seeded_input(cnx_run_input(run, 1), "257x225/0", 225, 257);
    const CnxOutputs *outputs = cnx_run_forward(run, 2);
    const CnxMap *map = &outputs->stage[3];
    const gsize pixels = (gsize)map->height * map->width;
    const float *logits = outputs->logits.data + classes;
    g_autofree float *cams = g_new(float, classes *pixels);

    g_assert_cmpuint(map->height, ==, 7);
    g_assert_cmpuint(map->width, ==, 8);
    for (guint k = 0; k < classes; k++) {
        cnx_cam(model, map, 1, k, cams + k * pixels);
        const double difference = fabs(mean_of(cams + k * pixels, pixels) - logits[k]);

        if (is_exact)
            g_assert_cmpfloat(difference, <, 1e-4);
    }
    const double d = compare_values(cams, classes * pixels, expected);
    g_test_message("%s: %.2g standard deviations", expected->name, d);
    g_assert_cmpfloat(d, <, TOLERANCE);
}

static void test_against_pytorch(void)
{
    GError *error = NULL;
    CnxContainer *file =
        cnx_container_open(FIXTURES "/cam.safetensors", CNX_WEIGHT_SET_AUTO, &error);
    guint count;

    g_assert_no_error(error);
    const CnxTensor *tensors = cnx_container_tensors(file, &count);
    g_assert_cmpuint(count, ==, G_N_ELEMENTS(cases));
    for (guint i = 0; i < count; i++) {
        g_autofree char *path = g_strconcat(FIXTURES, cases[i].file, NULL);
        g_autofree char *name = g_strconcat(cases[i].name, "/257x225", NULL);
        g_autoptr(CnxModel) model = heads_open_model(path, cases[i].activation);
        guint j = 0;

        while (j < count && !g_str_equal(tensors[j].name, name))
            j++;
        g_assert_cmpuint(j, <, count);
        g_assert_cmpint(cnx_cam_is_exact(cnx_model_config(model)), ==, cases[i].is_exact);
        check_maps(model, &tensors[j], cases[i].is_exact);
    }
    cnx_container_close(file);
}

/* The maximum among the poolings. */
static void test_concat(void)
{
    g_autoptr(CnxModel) model =
        heads_open_model(FIXTURES "/heads/fastai-two-hidden.safetensors", NULL);
    g_autoptr(CnxRun) run = heads_run(model, 1, CNX_OUTPUT_LOGITS | CNX_OUTPUT_STAGE4);
    const CnxOutputs *outputs = cnx_run_forward(run, 1);
    float cam[1];

    /* Of a map with one position, which is its own maximum and mean, the map is the logit. */
    g_assert_false(cnx_cam_is_exact(cnx_model_config(model)));
    g_assert_cmpuint(outputs->stage[3].height * outputs->stage[3].width, ==, 1);
    for (guint k = 0; k < outputs->logits.channels; k++) {
        cnx_cam(model, &outputs->stage[3], 0, k, cam);
        g_assert_cmpfloat(fabsf(cam[0] - outputs->logits.data[k]), <, 1e-5);
    }
}

int main(int argc, char **argv)
{
    if (compare_level_lacks())
        return 77; /* meson: skipped */
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cam/pytorch", test_against_pytorch);
    g_test_add_func("/cam/concat", test_concat);
    return g_test_run();
}
