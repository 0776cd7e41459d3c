/* Exports of unusual recipes and labels, to unwritable folders, and of numbers that overflow.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <string.h>

#include "tests/model/support/exporting.h"

/* A folder with a network's weights and another config.json. Remove it and free its path. */
static char *make_source(const char *config)
{
    g_autofree char *from = exporting_fixture("timm-v1/model.safetensors"), *bytes = NULL;
    char *source = g_build_filename(exporting_folder, "source", NULL);
    g_autofree char *weights = g_build_filename(source, "model.safetensors", NULL);
    g_autofree char *text = g_build_filename(source, "config.json", NULL);
    gsize length;

    g_assert_cmpint(g_mkdir(source, 0700), ==, 0);
    g_assert_true(g_file_get_contents(from, &bytes, &length, NULL));
    g_assert_true(g_file_set_contents(weights, bytes, (gssize)length, NULL));
    g_assert_true(g_file_set_contents(text, config, -1, NULL));
    return source;
}

#define CONFIG(recipe)                                                                          \
    "{\"architecture\":\"convnext_tiny\",\"num_classes\":10,\"model_args\":{\"depths\":[1,1,2," \
    "1],\"dims\":[8,16,24,32]},\"label_names\":[\"a\",\"b\",\"crane\",\"d \\\"e\\\"\",\"f\","   \
    "\"crane\",\"\\u00e9\",\"h\",\"i\",\"j, k\"],\"pretrained_cfg\":{" recipe "}}"

/* refused: by the transformers layout. */
static const struct {
    const char *config;
    gboolean refused;
} recipes[] = {
    {CONFIG(""), FALSE},
    {CONFIG("\"input_size\":[3,288,288],\"crop_pct\":0.95,\"interpolation\":\"bilinear\""), FALSE},
    {CONFIG("\"input_size\":[3,224,224],\"crop_pct\":0.9491525423728814"), FALSE}, /* 236 */
    {CONFIG("\"crop_pct\":1.0,\"crop_mode\":\"squash\",\"mean\":[0.5,0.25,0.1]"), FALSE},
    {CONFIG("\"crop_pct\":0.8,\"crop_mode\":\"squash\",\"interpolation\":\"lanczos\""), FALSE},
    {CONFIG("\"crop_pct\":0.9,\"crop_mode\":\"border\",\"interpolation\":\"hamming\""), TRUE},
    {CONFIG("\"input_size\":[3,384,384],\"crop_pct\":1.0,\"crop_mode\":\"squash\""), FALSE},
    {CONFIG("\"input_size\":[3,384,384],\"crop_pct\":0.95,\"interpolation\":\"nearest\""), FALSE},
    {CONFIG("\"input_size\":[3,160,160],\"crop_pct\":1.2,\"interpolation\":\"box\""), FALSE},
};

static void test_recipes(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(recipes); i++)
        for (CnxExportLayout layout = CNX_EXPORT_TRANSFORMERS; layout <= CNX_EXPORT_TIMM;
             layout++) {
            const gboolean refused = recipes[i].refused && layout == CNX_EXPORT_TRANSFORMERS;
            g_autofree char *source = make_source(recipes[i].config);

            g_autoptr(CnxCheckpoint) from = exporting_open(source);
            g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
            GError *error = NULL;

            g_assert_cmpint(exporting_write(from, layout, KEEP, notes, &error), ==, !refused);
            if (refused) {
                exporting_check_error(&error, CNX_ERROR_UNSUPPORTED, "border");
            } else {
                g_assert_no_error(error);
                g_autoptr(CnxCheckpoint) to = exporting_open(exporting_target);
                exporting_compare(cnx_checkpoint_config(from), cnx_checkpoint_config(to));
                exporting_remove(exporting_target);
            }
            exporting_remove(source);
        }
}

/* Target folders that are empty, not empty, files, or in no folder. */
static void test_places(void)
{
    g_autofree char *path = exporting_fixture("timm-v1");
    g_autofree char *file = g_build_filename(exporting_target, "precious.txt", NULL);

    g_autoptr(CnxCheckpoint) from = exporting_open(path);
    CnxExportOptions options = {.layout = CNX_EXPORT_TIMM};
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    GError *error = NULL;

    g_assert_cmpint(g_mkdir(exporting_target, 0700), ==, 0); /* an empty folder is allowed */
    g_assert_true(cnx_export_folder(from, exporting_target, &options, notes, &error));
    exporting_remove(exporting_target);

    g_assert_cmpint(g_mkdir(exporting_target, 0700), ==, 0);
    g_assert_true(g_file_set_contents(file, "mine", -1, NULL));
    g_assert_false(cnx_export_folder(from, exporting_target, &options, notes, &error));
    exporting_check_error(&error, CNX_ERROR_UNWRITABLE, "is not empty");
    g_assert_true(g_file_test(file, G_FILE_TEST_EXISTS));
    g_assert_false(cnx_export_folder(from, file, &options, notes, &error));
    exporting_check_error(&error, CNX_ERROR_UNWRITABLE, "");
    exporting_remove(exporting_target);

    g_assert_false(cnx_export_folder(from, file, &options, notes, &error)); /* no parent folder */
    exporting_check_error(&error, CNX_ERROR_UNWRITABLE, file);
    exporting_assert_nothing_left();
}

/* A number too large for F16 is refused rather than made infinite, and an interrupted export leaves
 * nothing. */
static void test_failures(void)
{
    g_autofree char *path = exporting_fixture("facebook-v2");
    const volatile sig_atomic_t stop = 1;
    const CnxExportOptions stopped = {.layout = CNX_EXPORT_TIMM, .stop = &stop};

    g_autoptr(CnxCheckpoint) from = exporting_open(path);
    const CnxTensor *tensor = cnx_checkpoint_tensor(from, "s2.b1.pw1.bias");
    CnxTensor *changed = (CnxTensor *)tensor;
    const guint8 *data = tensor->data;
    g_autofree float *large = g_memdup2(data, tensor->size);
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    GError *error = NULL;

    g_assert_false(cnx_export_folder(from, exporting_target, &stopped, notes, &error));
    exporting_check_error(&error, CNX_ERROR_UNWRITABLE, "interrupted");
    exporting_assert_nothing_left();

    g_assert_cmpint(tensor->dtype, ==, CNX_DTYPE_F32);
    large[3] = 1e5f;
    changed->data = (const guint8 *)large;
    g_assert_false(exporting_write(from, CNX_EXPORT_TRANSFORMERS, CNX_DTYPE_F16, notes, &error));
    exporting_check_error(&error, CNX_ERROR_UNSUPPORTED,
                          "\"stages.2.1.pwconv1.bias\" has 1 element");
    exporting_assert_nothing_left();
    g_assert_true(exporting_write(from, CNX_EXPORT_TRANSFORMERS, CNX_DTYPE_BF16, notes, &error));
    exporting_remove(exporting_target);
    changed->data = data;
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    exporting_begin();
    g_test_add_func("/export/recipes", test_recipes);
    g_test_add_func("/export/places", test_places);
    g_test_add_func("/export/failures", test_failures);
    const int status = g_test_run();
    exporting_end();
    return status;
}
