/* Exports each small network in each layout and dtype and opens the folder again: network, recipe
 * and numbers are the same. tests/fixtures/check_convert.py loads such folders in Python.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include "model/base/encode.h"
#include "model/checkpoint/parts.h"
#include "model/network/model.h"
#include "model/network/run.h"
#include "tests/fixtures/seeded.h"
#include "tests/model/support/exporting.h"

typedef struct Pair {
    const CnxCheckpoint *from, *to;
    CnxDtype dtype;
} Pair;

/* The exported tensor has the numbers of the source, rounded once. */
static gboolean compare_tensor(const char *canonical, guint rank, const guint64 *shape,
                               gpointer user_data)
{
    const Pair *pair = user_data;
    const CnxTensor *from = cnx_checkpoint_tensor(pair->from, canonical);
    const CnxTensor *to = cnx_checkpoint_tensor(pair->to, canonical);
    g_autofree float *a = g_new(float, from->elements), *b = g_new(float, from->elements);
    g_autofree guint8 *rounded = g_malloc(4 * from->elements);

    g_assert_cmpuint(from->elements, ==, to->elements);
    g_assert_cmpint(to->dtype, ==,
                    pair->dtype != KEEP            ? pair->dtype
                    : from->dtype == CNX_DTYPE_F64 ? CNX_DTYPE_F32
                                                   : from->dtype);
    cnx_tensor_to_float(from, a);
    cnx_tensor_to_float(to, b);
    if (to->dtype != from->dtype && to->dtype != CNX_DTYPE_F32) {
        CnxTensor t = {.dtype = to->dtype, .elements = from->elements, .data = rounded};

        cnx_tensor_from_float(to->dtype, a, from->elements, rounded);
        cnx_tensor_to_float(&t, a);
    }
    g_assert_cmpmem(a, from->elements * sizeof *a, b, from->elements * sizeof *b);
    return TRUE;
}

/* Runs an image from a seed. The run owns the outputs. */
static CnxRun *run_image(const char *path, const CnxOutputs **outputs)
{
    GError *error = NULL;
    CnxModel *model = cnx_model_open(path, CNX_WEIGHT_SET_AUTO, &error);

    g_assert_no_error(error);
    const CnxConfig *config = cnx_model_config(model);
    guint flags = CNX_OUTPUT_EMBEDDING | (config->classes ? CNX_OUTPUT_LOGITS : 0);
    for (guint i = 0; i < config->stages; i++)
        flags |= CNX_OUTPUT_STAGE1 << i;
    CnxRun *run = cnx_run_new(model, 97, 65, 1, flags, 1, &error);
    g_assert_no_error(error);
    cnx_model_unref(model);
    seeded_input(cnx_run_input(run, 0), "export", 65, 97);
    *outputs = cnx_run_forward(run, 1);
    return run;
}

/* exact: no number was rounded, so the maps are equal bit for bit. */
static void compare_maps(const CnxMap *from, const CnxMap *to, CnxDtype dtype, gboolean exact)
{
    const gsize n = (gsize)from->height * from->width * from->channels;
    double worst = 0, largest = 0;

    g_assert_cmpuint(n, ==, (gsize)to->height * to->width * to->channels);
    for (gsize i = 0; i < n; i++) {
        worst = MAX(worst, fabs((double)from->data[i] - to->data[i]));
        largest = MAX(largest, fabs(from->data[i]));
    }
    if (exact)
        g_assert_cmpmem(from->data, n * sizeof(float), to->data, n * sizeof(float));
    else
        g_assert_cmpfloat(worst, <=, (dtype == CNX_DTYPE_F16 ? 0.01 : 0.1) * largest);
}

static void compare_outputs(const char *path, const CnxConfig *config, CnxDtype dtype,
                            gboolean exact)
{
    const CnxOutputs *a, *b;
    CnxRun *from = run_image(path, &a), *to = run_image(exporting_target, &b);

    compare_maps(&a->embedding, &b->embedding, dtype, exact);
    if (config->classes)
        compare_maps(&a->logits, &b->logits, dtype, exact);
    for (guint i = 0; i < config->stages; i++)
        compare_maps(&a->stage[i], &b->stage[i], dtype, exact);
    cnx_run_free(from);
    cnx_run_free(to);
}

/* A word of the error with which each layout refuses the network; NULL if it accepts it. */
typedef struct Network {
    const char *name, *transformers, *timm;
} Network;

static const Network networks[] = {
    {"timm-v1", NULL, NULL},
    {"timm-v2-conv", NULL, NULL},
    {"timm-hnf", "norm_pre", NULL},
    {"timm-mlp-head", "hidden layer", NULL},
    {"timm-pico-ols", "overlapping", NULL},
    {"timm-nano-ols", "overlapping", NULL},
    {"timm-zepto-rms", "layer norms", NULL},
    {"timm-zepto-rms-ols", "overlapping", NULL},
    {"timm-atto-rms", "layer norms", NULL},
    {"timm-xxlarge", "eps", NULL},
    {"timm-test", "eps", NULL},
    {"timm-test3", "kernels of 5", NULL},
    {"timm-patch2", "first stage", NULL},
    {"timm-patch6", NULL, NULL},
    {"timm-no-bias", "no bias", NULL},
    {"timm-grey", "grey", NULL},
    {"timm-grey-ols", "grey", "three colours"},
    {"timm-patch8", "dilated", NULL},
    {"timm-patch16", "dilated", NULL},
    {"timm-stride16", "dilated", NULL},
    {"timm-stride8", "overlapping", NULL},
    {"timm-fcmae", NULL, NULL},
    {"timm-features-only", "overlapping", "3 stages"},
    {"timm-clip", "projection", "projection"},
    {"open-clip-linear", "projection", "projection"},
    {"open-clip-mlp", "projection", "projection"},
    {"transformers-v1", NULL, "eps"},
    {"transformers-v2-tanh", NULL, "eps"},
    {"transformers-old-grn", NULL, "eps"},
    {"transformers-no-scale", NULL, "eps"},
    {"transformers-three-stages", NULL, "3 stages"},
    {"transformers-patch8", NULL, "dilate"},
    {"transformers-model", NULL, "eps"},
    {"transformers-v2-model", NULL, "eps"},
    {"transformers-backbone", NULL, "final norm"},
    {"transformers-v2-backbone", NULL, "final norm"},
    {"transformers-upernet", NULL, "final norm"},
    {"transformers-dinov3", NULL, NULL},
    {"dinov3-original", NULL, NULL},
    {"torchvision-v1", NULL, NULL},
    {"facebook-v1", NULL, NULL},
    {"facebook-v2", NULL, NULL},
    {"facebook-fcmae", "final layer norm", "final norm"},
    {"facebook-isotropic", "isotropic", "isotropic"},
    {"facebook-isotropic-scale", "isotropic", "isotropic"},
    {"facebook-dense", NULL, "final norm"},
    {"openmmlab-v1", NULL, NULL},
    {"openmmlab-dense", NULL, "final norm"},
    {"openmmlab-dense-v2", "GRN and layer scale", "final norm"},
    {"../containers/f64.pth", NULL, NULL},
    {"../containers/strided.pth", NULL, NULL},
    {"../containers/ema.pth.tar", NULL, NULL},
    {"../containers/sharded-bin", NULL, NULL},
};

static void check_export(const Network *network, CnxExportLayout layout, CnxDtype dtype)
{
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *path = exporting_fixture(network->name);
    g_autoptr(CnxCheckpoint) from = exporting_open(path);
    const CnxConfig *config = cnx_checkpoint_config(from);
    const char *word = layout == CNX_EXPORT_TIMM ? network->timm : network->transformers;
    GError *error = NULL;

    if (word) {
        g_assert_false(exporting_write(from, layout, dtype, notes, &error));
        exporting_check_error(&error, CNX_ERROR_UNSUPPORTED, word);
        exporting_assert_nothing_left();
    } else {
        exporting_write(from, layout, dtype, notes, &error);
        g_assert_no_error(error);
        g_autoptr(CnxCheckpoint) to = exporting_open(exporting_target);
        Pair pair = {from, to, dtype};

        exporting_compare(config, cnx_checkpoint_config(to));
        cnx_parts_foreach(config, compare_tensor, &pair);
        compare_outputs(path, config, dtype,
                        dtype == KEEP || dtype == CNX_DTYPE_F32 || dtype == config->dtype);
        exporting_remove(exporting_target);
    }
}

static void test_network(gconstpointer data)
{
    static const CnxDtype dtypes[] = {KEEP, CNX_DTYPE_F32, CNX_DTYPE_F16, CNX_DTYPE_BF16};

    for (guint i = 0; i < G_N_ELEMENTS(dtypes); i++) {
        check_export(data, CNX_EXPORT_TRANSFORMERS, dtypes[i]);
        check_export(data, CNX_EXPORT_TIMM, dtypes[i]);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    exporting_begin();
    for (guint i = 0; i < G_N_ELEMENTS(networks); i++) {
        g_autofree char *path = g_strconcat("/export/", networks[i].name, NULL);

        g_test_add_data_func(path, &networks[i], test_network);
    }
    const int status = g_test_run();
    exporting_end();
    return status;
}
