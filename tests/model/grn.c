/* Global response normalisation of quiet activations, where its eps matters, against the formula.
 *
 * The first block of a V2 network gets a first linear layer without weights, so its activations are
 * known from the biases. The difference that gamma makes to the stage's output is then
 *   sum over k of  w2[c,k] h[k] gamma[k] G[k] / (mean G + 1e-6),  G[k] = sqrt(pixels) h[k]
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "tests/fixtures/compare.h"
#include "tests/fixtures/seeded.h"
#include "tests/model/support/networks.h"

#define C 7 /* channels of the first stage */
#define HIDDEN (4 * C)
#define BLOCK "stages.0.0."

static float gamma_of(guint k)
{
    return 0.5f + (float)(k % 2);
}

static float weight_of(guint c, guint k)
{
    return 1e5f * (float)((c + k) % 3 + 1);
}

/* So small that the mean of G is about twice eps. */
static float bias_of(guint k, guint side)
{
    return 3.2e-7f * (float)(k + 1) / (float)side;
}

static void set_tensor(char *file, gsize length, const char *name, const float *values, gsize count)
{
    gsize elements, inputs;
    float *tensor = networks_find_tensor(file, length, name, &elements, &inputs);

    g_assert_cmpuint(elements, ==, count);
    memcpy(tensor, values, count * sizeof *values);
}

/* The network for a first stage of side x side pixels. */
static CnxModel *open_quiet(guint side, gboolean with_gamma)
{
    g_autofree char *path = NULL, *file = NULL;
    float w1[HIDDEN * C] = {0}, w2[C * HIDDEN], b1[HIDDEN], gamma[HIDDEN], beta[HIDDEN] = {0};
    GError *error = NULL;
    gsize length;

    for (guint k = 0; k < HIDDEN; k++) {
        b1[k] = bias_of(k, side);
        gamma[k] = with_gamma ? gamma_of(k) : 0;
        for (guint c = 0; c < C; c++)
            w2[c * HIDDEN + k] = weight_of(c, k);
    }
    g_assert_true(g_file_get_contents(FIXTURES "/networks/facebook-v2/model.safetensors", &file,
                                      &length, NULL));
    set_tensor(file, length, BLOCK "pwconv1.weight", w1, HIDDEN * C);
    set_tensor(file, length, BLOCK "pwconv1.bias", b1, HIDDEN);
    set_tensor(file, length, BLOCK "pwconv2.weight", w2, C * HIDDEN);
    set_tensor(file, length, BLOCK "grn.gamma", gamma, HIDDEN);
    set_tensor(file, length, BLOCK "grn.beta", beta, HIDDEN);
    path = g_build_filename(g_get_tmp_dir(), "convnext-grn-XXXXXX.safetensors", NULL);
    const int fd = g_mkstemp(path);
    g_assert_cmpint(fd, >=, 0);
    g_close(fd, NULL);
    g_assert_true(g_file_set_contents(path, file, (gssize)length, NULL));
    CnxModel *model = cnx_model_open(path, CNX_WEIGHT_SET_AUTO, &error);
    g_assert_no_error(error);
    g_remove(path);
    return model;
}

/* The first stage's output: [side, side, C]. */
static float *run_stage(guint side, gboolean with_gamma, guint threads)
{
    g_autoptr(CnxModel) model = open_quiet(side, with_gamma);
    GError *error = NULL;
    g_autoptr(CnxRun) run =
        cnx_run_new(model, 4 * side, 4 * side, 1, CNX_OUTPUT_STAGE1, threads, &error);

    g_assert_no_error(error);
    seeded_input(cnx_run_input(run, 0), "quiet", 4 * side, 4 * side);
    return g_memdup2(cnx_run_forward(run, 1)->stage[0].data, side * side * C * sizeof(float));
}

static void compute_expected(double *difference, guint side)
{
    double mean = 0, h[HIDDEN];

    for (guint k = 0; k < HIDDEN; k++) {
        h[k] = bias_of(k, side) / 2; /* gelu(x) is x / 2 for such small x */
        mean += side * h[k] / HIDDEN;
    }
    for (guint c = 0; c < C; c++) {
        difference[c] = 0;
        for (guint k = 0; k < HIDDEN; k++)
            difference[c] += weight_of(c, k) * h[k] * gamma_of(k) * side * h[k] / (mean + 1e-6);
    }
}

static void test_quiet(gconstpointer data)
{
    const guint side = GPOINTER_TO_UINT(data);
    double expected[C];

    compute_expected(expected, side);
    for (guint threads = 1; threads <= 2; threads++) {
        g_autofree float *with = run_stage(side, TRUE, threads);
        g_autofree float *without = run_stage(side, FALSE, threads);

        for (guint i = 0; i < side * side * C; i++)
            g_assert_cmpfloat_with_epsilon((double)with[i] - without[i], expected[i % C],
                                           1e-3 * expected[i % C]);
    }
}

int main(int argc, char **argv)
{
    static const guint sides[] = {8, 16, 32, 64}; /* whole maps, and strips */

    g_test_init(&argc, &argv, NULL);
    if (compare_level_lacks())
        return 77;
    for (guint i = 0; i < G_N_ELEMENTS(sides); i++) {
        g_autofree char *path = g_strdup_printf("/grn/quiet/%u", sides[i]);

        g_test_add_data_func(path, GUINT_TO_POINTER(sides[i]), test_quiet);
    }
    return g_test_run();
}
