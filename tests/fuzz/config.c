/* Fuzz target: the files next to the weights of a small network. The first byte selects the
 * library whose tensor names the weights have, and whether a foreign config is an error; then
 * follow config.json, preprocessor_config.json, open_clip_config.json and labels.txt, separated by
 * bytes 0xff. An empty file does not exist.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include "model/config/config_files.h"
#include "model/config/recipe_defaults.h"
#include "tests/fuzz/folder.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/reader.h"

static const char *const names[] = {"config.json", "preprocessor_config.json",
                                    "open_clip_config.json", "labels.txt"};

static CnxConfig *config_new(CnxDialect dialect)
{
    static const guint depths[] = {1, 1, 2, 1}, dims[] = {8, 16, 24, 32};
    CnxConfig *config = cnx_config_new();

    config->variant = g_strdup("convnext (1,1,2,1; 8,16,24,32)");
    config->dialect = dialect;
    memcpy(config->depths, depths, sizeof depths);
    memcpy(config->dims, dims, sizeof dims);
    config->classes = 3;
    config->layer_scale = config->final_norm = TRUE;
    cnx_recipe_set_defaults(&config->recipe, dialect, config->variant);
    return config;
}

static void write_files(FuzzReader *reader)
{
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        const guint8 *end = reader->left ? memchr(reader->data, 0xff, reader->left) : NULL;
        const gsize length = end ? (gsize)(end - reader->data) : reader->left;

        folder_write(names[i], reader->data, length);
        reader->data += length + (end != NULL);
        reader->left -= length + (end != NULL);
    }
}

static void check_decision(const CnxConfig *config)
{
    const CnxDecision *decision = &config->decision;

    g_assert_cmpint(decision->rest_class, >=, CNX_NO_CLASS);
    g_assert_cmpint(decision->rest_class, <, (int)config->classes);
    g_assert_true(decision->threshold || decision->rest_class == CNX_NO_CLASS);
    for (guint i = 0; i < config->classes; i++) {
        g_assert_true(!decision->temperature ||
                      (decision->temperature[i] > 0 && isfinite(decision->temperature[i])));
        g_assert_true(!decision->threshold ||
                      (decision->threshold[i] >= 0 && decision->threshold[i] <= 1));
    }
}

/* A config that is accepted can be used. */
static void check_config(CnxConfig *config)
{
    const CnxRecipe *recipe = &config->recipe;
    CnxGeometry geometry;

    g_assert_true(!config->labels || g_strv_length(config->labels) == config->classes);
    for (guint i = 0; config->labels && i < config->classes; i++)
        g_assert_true(g_utf8_validate(config->labels[i], -1, NULL));
    for (guint i = 0; i < 3; i++)
        g_assert_true(isfinite(recipe->mean[i]) && recipe->std[i] > 0);
    check_decision(config);
    g_assert_cmpuint(recipe->size, >=, 32);
    g_assert_cmpuint(recipe->size, <=, CNX_INPUT_MAX);
    g_assert_true(recipe->crop_pct >= 0 && isfinite(recipe->crop_pct));
    cnx_recipe_geometry(recipe, 640, 360, &geometry, NULL);
    cnx_recipe_set_size(&config->recipe, 256);
    cnx_recipe_set_crop(&config->recipe, CNX_CROP_BORDER);
    if (cnx_recipe_geometry(recipe, 640, 360, &geometry, NULL))
        g_assert_cmpuint(geometry.x.out, ==, 256);
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    FuzzReader reader = {data, size};
    CnxBudget budget = {CNX_BUDGET_FIXED};
    GError *error = NULL;

    const guint kind = fuzz_byte(&reader);
    CnxConfig *config = config_new(kind & 1   ? CNX_DIALECT_TIMM
                                   : kind & 2 ? CNX_DIALECT_OPEN_CLIP
                                              : CNX_DIALECT_TRANSFORMERS);
    write_files(&reader);
    const gboolean ok = cnx_config_load(config, folder_path(), kind & 4, &budget, &error);
    fuzz_check(ok, error, folder_path());
    if (ok)
        check_config(config);
    cnx_config_free(config);
    return 0;
}
