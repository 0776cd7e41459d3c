/* The predicted cost of a network against published numbers and against a loaded model.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/network/cost.h"

#include <string.h>

#include "model/network/model.h"

static CnxConfig *make_config(const guint *depths, const guint *dims)
{
    CnxConfig *config = cnx_config_new();

    memcpy(config->depths, depths, sizeof config->depths);
    memcpy(config->dims, dims, sizeof config->dims);
    config->classes = 1000;
    cnx_head_set_plain(&config->head, dims[CNX_STAGES - 1], 0, 1000, TRUE);
    config->layer_scale = config->final_norm = TRUE;
    return config;
}

/* The published multiply-accumulates, to their last digit. */
static void test_macs(void)
{
    CnxConfig *tiny = make_config((const guint[]){3, 3, 9, 3}, (const guint[]){96, 192, 384, 768});
    CnxConfig *atto = make_config((const guint[]){2, 2, 6, 2}, (const guint[]){40, 80, 160, 320});

    g_assert_cmpfloat_with_epsilon((double)cnx_cost_macs(tiny, 224, 224), 4.456e9, 0.5e6);
    g_assert_cmpfloat_with_epsilon((double)cnx_cost_macs(tiny, 384, 384), 13.09e9, 5e6);
    g_assert_cmpfloat_with_epsilon((double)cnx_cost_macs(atto, 224, 224), 0.547e9, 0.5e6);
    /* the pointwise and the downsampling layers */
    g_assert_cmpuint(cnx_cost_rounded_macs(tiny, 224, 224), ==, 4335206400);
    atto->stem = CNX_STEM_OVERLAP;
    atto->stem_width = 24;
    g_assert_cmpfloat_with_epsilon((double)cnx_cost_macs(atto, 224, 224), 0.577e9, 0.5e6);
    cnx_config_free(tiny);
    cnx_config_free(atto);
}

/* The predicted memory is the memory of the loaded model. */
static void test_memory(void)
{
    g_autoptr(CnxModel) model = NULL;
    const char *path = FIXTURES "/networks/timm-mlp-head", *isa;
    GError *error = NULL;
    CnxCheckpoint *checkpoint = cnx_checkpoint_open(path, CNX_WEIGHT_SET_AUTO, &error);
    CnxForm form;
    gsize bytes;

    g_assert_no_error(error);
    model = cnx_model_open(path, CNX_WEIGHT_SET_AUTO, &error);
    g_assert_no_error(error);
    g_assert_true(cnx_cost_memory(checkpoint, CNX_PRECISION_FP32, &form, &bytes, &isa, &error));
    g_assert_cmpuint(bytes, ==, cnx_model_memory(model));
    g_assert_cmpstr(isa, ==, cnx_model_isa(model));
    cnx_checkpoint_close(checkpoint);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cost/macs", test_macs);
    g_test_add_func("/cost/memory", test_memory);
    return g_test_run();
}
