/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/config_files.h"

#include <string.h>

#include "model/model.h"

typedef enum Library { NONE, TRANSFORMERS, TIMM, OTHER } Library;

typedef struct Loading {
    CnxConfig *config;
    const char *folder;
    gboolean strict;
    GError **error;
} Loading;

static const char *member_string(JsonObject *object, const char *key)
{
    JsonNode *node = json_object_get_member(object, key);
    gboolean string =
        node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING;
    return string ? json_node_get_string(node) : NULL;
}

static gboolean is_one_of(const char *word, const char *const *words)
{
    return word && g_strv_contains(words, word);
}

static Library whose(JsonObject *object)
{
    static const char *const models[] = {"convnext", "convnextv2", "dinov3_convnext", NULL};
    const char *architecture = member_string(object, "architecture");

    if (architecture)
        return g_str_has_prefix(architecture, "convnext") ||
                       g_str_has_prefix(architecture, "test_convnext")
                   ? TIMM
                   : OTHER;
    return is_one_of(member_string(object, "model_type"), models) ? TRANSFORMERS : OTHER;
}

static gboolean refuse_other(const CnxJson *json)
{
    const char *key = "model_type", *found = member_string(json->object, key);

    if (member_string(json->object, "architecture")) {
        key = "architecture";
        found = member_string(json->object, key);
    }
    if (!found) {
        g_set_error(json->error, CNX_ERROR, CNX_ERROR_UNSUPPORTED,
                    "%s: has neither \"model_type\" (transformers) nor \"architecture\" (timm)",
                    json->file);
        return FALSE;
    }
    g_autofree char *quoted = cnx_quote(found);
    return cnx_json_fail(json, CNX_ERROR_NOT_CONVNEXT, key, "is %s, expected a ConvNeXt", quoted);
}

static gboolean load_config(const Loading *l, Library *library)
{
    g_autofree char *path = g_build_filename(l->folder, "config.json", NULL);
    g_autofree char *file = g_filename_display_name(path);
    GError *cause = NULL;
    g_autoptr(JsonObject) object = cnx_json_load(path, &cause);

    *library = NONE;
    if (!object && cause) {
        g_propagate_error(l->error, cause);
        return FALSE;
    }
    if (!object)
        return TRUE;
    const CnxJson json = {object, file, l->error};
    *library = whose(object);
    if (*library == TRANSFORMERS)
        return cnx_config_read_transformers(l->config, &json);
    if (*library == TIMM)
        return cnx_config_read_timm(l->config, &json);
    if (l->strict)
        return refuse_other(&json);
    g_debug("%s: is not about a ConvNeXt, ignored", file);
    return TRUE;
}

static gboolean load_preprocessor(const Loading *l)
{
    g_autofree char *path = g_build_filename(l->folder, "preprocessor_config.json", NULL);
    g_autofree char *file = g_filename_display_name(path);
    GError *cause = NULL;
    g_autoptr(JsonObject) object = cnx_json_load(path, &cause);

    if (!object && cause) {
        g_propagate_error(l->error, cause);
        return FALSE;
    }
    const CnxJson json = {object, file, l->error};
    return !object || cnx_config_read_preprocessor(l->config, &json);
}

void cnx_config_note(CnxConfig *config, const CnxJson *json, CnxOrigin origin,
                     const CnxItemKey *keys, guint count)
{
    for (guint i = 0; i < count; i++)
        if (cnx_json_has(json, keys[i].key))
            config->origin[keys[i].item] = origin;
}

static gboolean load_labels(const Loading *l)
{
    g_autofree char *path = g_build_filename(l->folder, "labels.txt", NULL);

    if (l->config->labels || !l->config->classes || !g_file_test(path, G_FILE_TEST_EXISTS))
        return TRUE;
    l->config->labels = cnx_labels_read(path, l->config->classes, l->error);
    l->config->origin[CNX_ITEM_LABELS] = CNX_ORIGIN_LABELS;
    return l->config->labels != NULL;
}

gboolean cnx_config_load(CnxConfig *config, const char *folder, gboolean strict, GError **error)
{
    const Loading l = {config, folder, strict, error};
    Library library;

    if (!load_config(&l, &library))
        return FALSE;
    if ((library == NONE || library == TRANSFORMERS) && !load_preprocessor(&l))
        return FALSE;
    return load_labels(&l);
}
