/* Which norms use layer_norm_eps of a config in transformers' form: the last one, and not the norms
 * of a backbone's outputs. With an eps of 1, a norm that uses it is far from one with 1e-12.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "model/network/run.h"
#include "tests/model/support/folder.h"

#define SIDE 64

static void fill_input(float *input)
{
    for (guint i = 0; i < SIDE * SIDE * 3; i++)
        input[i] = (float)(i * 7919 % 1009) / 1009 - 0.5f;
}

/* One output of the fixture with this eps; its number of values in *n. */
static float *run_fixture(const char *fixture, const char *config, const char *eps,
                          CnxOutput output, gsize *n)
{
    g_autofree char *text = g_strdup_printf("%s,\"layer_norm_eps\":%s}", config, eps);
    GError *error = NULL;

    folder_put_weights(fixture);
    folder_write("config.json", text);
    g_autofree char *path = folder_path("");
    CnxModel *model = cnx_model_open(path, CNX_WEIGHT_SET_AUTO, &error);
    g_assert_no_error(error);
    CnxRun *run = cnx_run_new(model, SIDE, SIDE, 1, output, 1, &error);
    g_assert_no_error(error);
    fill_input(cnx_run_input(run, 0));
    const CnxOutputs *outputs = cnx_run_forward(run, 1);
    const CnxMap *map = output == CNX_OUTPUT_EMBEDDING ? &outputs->embedding : &outputs->stage[3];
    *n = (gsize)map->height * map->width * map->channels;
    float *values = g_memdup2(map->data, *n * sizeof *values);
    cnx_run_free(run);
    cnx_model_unref(model);
    folder_clear();
    return values;
}

/* The largest difference between the outputs with an eps of 1e-12 and of 1. */
static double difference(const char *fixture, const char *config, CnxOutput output)
{
    gsize n, m;
    g_autofree float *small = run_fixture(fixture, config, "1e-12", output, &n);
    g_autofree float *large = run_fixture(fixture, config, "1", output, &m);
    double most = 0;

    g_assert_cmpuint(n, ==, m);
    for (gsize i = 0; i < n; i++)
        most = MAX(most, fabs((double)small[i] - large[i]));
    return most;
}

static void test_last_norm(void)
{
    const double most = difference("transformers-v1", HF, CNX_OUTPUT_EMBEDDING);

    g_test_message("the embedding changes by %g", most);
    g_assert_cmpfloat(most, >, 0.1);
}

static void test_output_norms(void)
{
    const double most =
        difference("transformers-backbone", "{\"model_type\":\"convnext\"", CNX_OUTPUT_STAGE4);

    g_assert_cmpfloat(most, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    folder_new();
    g_test_add_func("/eps/last-norm", test_last_norm);
    g_test_add_func("/eps/output-norms", test_output_norms);
    const int status = g_test_run();
    folder_delete();
    return status;
}
