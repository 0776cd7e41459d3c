/* Fuzz target: a JSON file. The first byte selects its kind: preprocessor_config.json ('p'),
 * open_clip_config.json ('o'), an index of shards ('s'), or otherwise config.json of timm or
 * transformers for a small network.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "model/config/config_open_clip.h"
#include "model/config/config_preprocessor.h"
#include "model/config/config_timm.h"
#include "model/config/config_transformers.h"
#include "model/config/recipe_defaults.h"
#include "model/containers/shards.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/memory_file.h"

static CnxConfig *config_new(CnxDialect dialect)
{
    static const guint depths[] = {1, 1, 2, 1}, dims[] = {8, 16, 24, 32};
    CnxConfig *config = cnx_config_new();

    config->variant = g_strdup("convnext (1,1,2,1; 8,16,24,32)");
    config->dialect = dialect;
    for (guint i = 0; i < CNX_STAGES; i++) {
        config->depths[i] = depths[i];
        config->dims[i] = dims[i];
    }
    config->classes = 3;
    config->layer_scale = config->final_norm = TRUE;
    cnx_recipe_set_defaults(&config->recipe, dialect, config->variant);
    return config;
}

/* The condition by which cnx_config_load chooses the reader. */
static gboolean names_convnext(JsonObject *object, const char *key)
{
    JsonNode *node = json_object_get_member(object, key);

    return node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING &&
           strstr(json_node_get_string(node), "convnext") != NULL;
}

static void read_config(guint8 kind, const char *text, gsize size)
{
    CnxConfig *config = config_new(kind == 't'   ? CNX_DIALECT_TIMM
                                   : kind == 'o' ? CNX_DIALECT_OPEN_CLIP
                                                 : CNX_DIALECT_TRANSFORMERS);
    GError *error = NULL;
    CnxBudget budget = {CNX_BUDGET_FIXED};
    JsonObject *object = cnx_json_parse(text, size, &budget, FUZZ_FILE, &error);
    const CnxJson json = {object, FUZZ_FILE, &error, &budget};
    gboolean ok = object != NULL;

    if (ok && kind == 'p')
        ok = cnx_config_read_preprocessor(config, &json);
    else if (ok && kind == 'o')
        ok = cnx_config_read_open_clip(config, &json);
    else if (ok && names_convnext(object, "architecture"))
        ok = cnx_config_read_timm(config, &json);
    else if (ok && names_convnext(object, "model_type"))
        ok = cnx_config_read_transformers(config, &json);
    fuzz_check(ok, error, FUZZ_FILE);
    g_assert_true(!config->labels || g_strv_length(config->labels) == config->classes);
    g_clear_pointer(&object, json_object_unref);
    cnx_config_free(config);
}

static void read_index(const guint8 *text, gsize size)
{
    const char *path = memory_file(text, size);
    GError *error = NULL;

    g_autoptr(CnxShards) shards = cnx_shards_read(path, &error);

    fuzz_check(shards != NULL, error, path);
    if (shards) {
        g_assert_nonnull(cnx_shards_files(shards)[0]);
        const gboolean ok = cnx_shards_check(shards, NULL, 0, path, &error);
        fuzz_check(ok, error, path);
    }
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    if (size == 0)
        return 0;
    if (data[0] == 's')
        read_index(data + 1, size - 1);
    else
        read_config(data[0], (const char *)data + 1, size - 1);
    return 0;
}
