/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/config/config_files.h"

#include <string.h>

#include "model/network/model.h"

typedef enum Library { TRANSFORMERS, TIMM, OTHER } Library;

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
        g_set_error(json->error, CNX_ERROR, CNX_ERROR_NOT_CONVNEXT,
                    "%s: has neither \"model_type\" (transformers) nor \"architecture\" (timm)",
                    json->file);
        return FALSE;
    }
    g_autofree char *quoted = cnx_quote(found);
    return cnx_json_fail(json, CNX_ERROR_NOT_CONVNEXT, key, "is %s, expected a ConvNeXt", quoted);
}

/* Reads a file of the folder, if it is there, and hands it to read; FALSE with error. */
static gboolean load_file(const Loading *l, const char *name,
                          gboolean (*read)(const Loading *l, const CnxJson *json))
{
    g_autofree char *path = g_build_filename(l->folder, name, NULL);
    g_autofree char *file = g_filename_display_name(path);
    GError *cause = NULL;

    g_autoptr(JsonObject) object = cnx_json_load(path, &cause);

    if (!object && cause) {
        g_propagate_error(l->error, cause);
        return FALSE;
    }
    const CnxJson json = {object, file, l->error};
    return !object || read(l, &json);
}

static gboolean read_preprocessor(const Loading *l, const CnxJson *json)
{
    return cnx_config_read_preprocessor(l->config, json);
}

static gboolean read_open_clip(const Loading *l, const CnxJson *json)
{
    return cnx_config_read_open_clip(l->config, json);
}

/* Each library's configs stand beside weights in its own naming. Somebody may have put a folder
 * together from several; beside a file that was named itself, it is another model's. */
static gboolean check_library(const Loading *l, const CnxJson *json, Library library)
{
    const CnxDialect dialect = l->config->dialect;
    const gboolean same =
        library == TIMM ? dialect == CNX_DIALECT_TIMM : dialect == CNX_DIALECT_TRANSFORMERS;

    if (l->strict || same)
        return TRUE;
    return cnx_json_fail(json, CNX_ERROR_MISMATCH, library == TIMM ? "architecture" : "model_type",
                         "says that it is a config of %s, the weights are named by %s",
                         library == TIMM ? "timm" : "transformers", cnx_dialect_name(dialect));
}

/* And, where it is not about another kind of network, the preprocessor's. A network that stands on
 * a ConvNeXt (transformers' UPerNet, Mask2Former, ...) has the config of that inside. */
static gboolean read_config(const Loading *l, const CnxJson *json)
{
    JsonObject *backbone = cnx_json_child(json, "backbone_config");
    const CnxJson inner = {backbone, json->file, json->error};
    Library library = whose(json->object);

    if (library == OTHER && backbone && whose(backbone) == TRANSFORMERS)
        return check_library(l, &inner, TRANSFORMERS) &&
               cnx_config_read_transformers(l->config, &inner) &&
               load_file(l, "preprocessor_config.json", read_preprocessor);
    if (library == OTHER)
        return refuse_other(json);
    if (!check_library(l, json, library))
        return FALSE;
    if (library == TRANSFORMERS)
        return cnx_config_read_transformers(l->config, json) &&
               load_file(l, "preprocessor_config.json", read_preprocessor);
    return cnx_config_read_timm(l->config, json);
}

void cnx_config_note(CnxConfig *config, const CnxJson *json, CnxOrigin origin,
                     const CnxItemKey *keys, guint count)
{
    for (guint i = 0; i < count; i++)
        if (cnx_json_has(json, keys[i].key))
            config->origin[keys[i].item] = origin;
}

static gboolean load_configs(const Loading *l)
{
    g_autofree char *path = g_build_filename(l->folder, "config.json", NULL);

    if (l->config->dialect == CNX_DIALECT_OPEN_CLIP)
        return load_file(l, "open_clip_config.json", read_open_clip);
    if (g_file_test(path, G_FILE_TEST_EXISTS))
        return load_file(l, "config.json", read_config);
    return load_file(l, "preprocessor_config.json", read_preprocessor);
}

/* Names that no config has. */
static gboolean load_labels(const Loading *l)
{
    CnxConfig *config = l->config;
    g_autofree char *path = g_build_filename(l->folder, "labels.txt", NULL);

    if (config->labels || !config->classes || !g_file_test(path, G_FILE_TEST_EXISTS))
        return TRUE;
    config->labels = cnx_labels_read(path, config->classes, l->error);
    config->origin[CNX_ITEM_LABELS] = CNX_ORIGIN_LABELS;
    return config->labels != NULL;
}

static gboolean find_imagenet(CnxConfig *config, GError **error)
{
    GError *cause = NULL;

    if (config->labels || !config->classes)
        return TRUE;
    config->labels = cnx_labels_imagenet(config->classes, &cause);
    config->origin[CNX_ITEM_LABELS] = config->labels ? CNX_ORIGIN_IMAGENET : CNX_ORIGIN_LIBRARY;
    if (cause)
        g_propagate_error(error, cause);
    return cause == NULL;
}

/* Has read fill in config. What turns out to be about other weights fills in nothing; unless it is
 * asked to be strict, that is all that happens. */
static gboolean attempt(CnxConfig *config, gboolean (*read)(const Loading *l), const char *folder,
                        gboolean strict, GError **error)
{
    const CnxConfig before = *config;
    GError *cause = NULL;
    const Loading l = {config, folder, strict, &cause};

    if (read(&l))
        return TRUE;
    if (strict || !(g_error_matches(cause, CNX_ERROR, CNX_ERROR_MISMATCH) ||
                    g_error_matches(cause, CNX_ERROR, CNX_ERROR_NOT_CONVNEXT))) {
        g_propagate_error(error, cause);
        return FALSE;
    }
    if (config->labels != before.labels)
        g_strfreev(config->labels);
    *config = before;
    config->ignored = before.ignored ? g_strjoin("; ", before.ignored, cause->message, NULL)
                                     : g_strdup(cause->message);
    g_free(before.ignored);
    g_error_free(cause);
    return TRUE;
}

gboolean cnx_config_load(CnxConfig *config, const char *folder, gboolean strict, GError **error)
{
    return attempt(config, load_configs, folder, strict, error) &&
           attempt(config, load_labels, folder, strict, error) && find_imagenet(config, error);
}
