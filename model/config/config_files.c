/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/config/config_files.h"

#include <string.h>

#include "model/config/config_open_clip.h"
#include "model/config/config_preprocessor.h"
#include "model/config/config_smp.h"
#include "model/config/config_timm.h"
#include "model/config/config_transformers.h"
#include "model/config/labels.h"

typedef enum Library { TRANSFORMERS, TIMM, OTHER } Library;

typedef struct Loading {
    CnxConfig *config;
    const char *folder;
    gboolean strict;
    CnxBudget *budget;
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

static Library library_of(JsonObject *object)
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

/* Parses a file of the folder, if it exists, and calls read with it. FALSE with error. */
static gboolean load_file(const Loading *l, const char *name,
                          gboolean (*read)(const Loading *l, const CnxJson *json))
{
    g_autoptr(GError) cause = NULL;
    g_autofree char *path = g_build_filename(l->folder, name, NULL);
    g_autofree char *file = g_filename_display_name(path);
    g_autoptr(JsonObject) object = cnx_json_load(path, l->budget, &cause);

    if (cause) {
        g_propagate_error(l->error, g_steal_pointer(&cause));
        return FALSE;
    }
    const CnxJson json = {object, file, l->error, l->budget};
    return !object || read(l, &json);
}

/* Adds the cause to the sentence about ignored files. */
static void note_ignored(CnxConfig *config, const GError *cause)
{
    g_autofree char *before = config->ignored;

    config->ignored =
        before ? g_strjoin("; ", before, cause->message, NULL) : g_strdup(cause->message);
}

/* Next to a directly named weights file, a file with an unknown image processor is ignored. */
static gboolean read_preprocessor(const Loading *l, const CnxJson *json)
{
    g_autoptr(GError) cause = NULL;
    const CnxJson tolerant = {json->object, json->file, &cause, json->budget};

    if (l->strict || cnx_config_check_processor(&tolerant))
        return cnx_config_read_preprocessor(l->config, json);
    if (!g_error_matches(cause, CNX_ERROR, CNX_ERROR_UNSUPPORTED)) {
        g_propagate_error(json->error, g_steal_pointer(&cause));
        return FALSE;
    }
    note_ignored(l->config, cause);
    return TRUE;
}

static gboolean read_open_clip(const Loading *l, const CnxJson *json)
{
    return cnx_config_read_open_clip(l->config, json);
}

/* Checks that the config and the tensor names come from the same library. A folder may have been
 * assembled from several libraries on purpose, but next to a directly named weights file, a config
 * of another library belongs to another model. */
static gboolean check_library(const Loading *l, const CnxJson *json, Library library)
{
    const CnxDialect dialect = l->config->dialect;
    const gboolean same =
        library == TIMM ? dialect == CNX_DIALECT_TIMM : dialect == CNX_DIALECT_TRANSFORMERS;

    if (l->strict || same)
        return TRUE;
    return cnx_json_fail(json, CNX_ERROR_MISMATCH, library == TIMM ? "architecture" : "model_type",
                         "belongs to a %s config, but the tensors have %s names",
                         library == TIMM ? "timm" : "transformers", cnx_dialect_name(dialect));
}

/* Detectors of torchvision, and the heads of OpenMMLab and facebookresearch, have no config files
 * of their own. A config.json beside a backbone of torchvision's features, beside one with a norm
 * after the last stage, or beside another head has that head's arguments, which model/heads reads.
 */
static gboolean is_of_head(const Loading *l, const CnxJson *json)
{
    const CnxConfig *config = l->config;
    const gboolean has_head = config->output_norm[config->stages - 1] || config->unused_heads;
    const gboolean is_body = config->dialect == CNX_DIALECT_TORCHVISION ||
                             (has_head && (config->dialect == CNX_DIALECT_OPENMMLAB ||
                                           config->dialect == CNX_DIALECT_FACEBOOK));

    return is_body && config->classes == 0 && !cnx_json_has(json, "model_type") &&
           !cnx_json_has(json, "architecture");
}

/* Reads config.json, and preprocessor_config.json too if the config is transformers'. smp writes
 * one with the encoder's name. A network with a ConvNeXt backbone (transformers' UPerNet,
 * Mask2Former, ...) nests the backbone's config in its own. */
static gboolean read_config(const Loading *l, const CnxJson *json)
{
    JsonObject *backbone = cnx_json_child(json, "backbone_config");
    const CnxJson inner = {backbone, json->file, json->error, json->budget};
    Library library = library_of(json->object);

    if (library == OTHER && backbone && library_of(backbone) == TRANSFORMERS)
        return check_library(l, &inner, TRANSFORMERS) &&
               cnx_config_read_transformers(l->config, &inner) &&
               load_file(l, "preprocessor_config.json", read_preprocessor);
    if (library == OTHER && cnx_config_is_smp(json))
        return check_library(l, json, TIMM) && cnx_config_read_smp(l->config, json);
    if (library == OTHER)
        return is_of_head(l, json) || refuse_other(json);
    if (!check_library(l, json, library))
        return FALSE;
    if (library == TRANSFORMERS)
        return cnx_config_read_transformers(l->config, json) &&
               load_file(l, "preprocessor_config.json", read_preprocessor);
    return cnx_config_read_timm(l->config, json);
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

/* Reads labels.txt if no config names the classes. */
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

static gboolean load_imagenet_labels(CnxConfig *config, GError **error)
{
    g_autoptr(GError) cause = NULL;

    if (config->labels || !config->classes)
        return TRUE;
    config->labels = cnx_labels_imagenet(config->classes, &cause);
    config->origin[CNX_ITEM_LABELS] = config->labels ? CNX_ORIGIN_IMAGENET : CNX_ORIGIN_LIBRARY;
    if (cause) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return FALSE;
    }
    return TRUE;
}

/* Calls read. Files that describe other weights are an error if strict; otherwise they leave config
 * unchanged, except for the sentence in config->ignored. */
static gboolean try_read(CnxConfig *config, gboolean (*read)(const Loading *l), const char *folder,
                         gboolean strict, CnxBudget *budget, GError **error)
{
    g_autoptr(GError) cause = NULL;
    const CnxConfig before = *config;
    const Loading l = {config, folder, strict, budget, &cause};

    if (read(&l))
        return TRUE;
    if (strict || !(g_error_matches(cause, CNX_ERROR, CNX_ERROR_MISMATCH) ||
                    g_error_matches(cause, CNX_ERROR, CNX_ERROR_NOT_CONVNEXT))) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return FALSE;
    }
    if (config->labels != before.labels)
        g_strfreev(config->labels);
    if (config->decision.temperature != before.decision.temperature)
        g_free(config->decision.temperature);
    if (config->decision.threshold != before.decision.threshold)
        g_free(config->decision.threshold);
    char *ignored = config->ignored;
    *config = before;
    config->ignored = ignored;
    config->no_config |= read == load_configs;
    note_ignored(config, cause);
    return TRUE;
}

gboolean cnx_config_load(CnxConfig *config, const char *folder, gboolean strict, CnxBudget *budget,
                         GError **error)
{
    return try_read(config, load_configs, folder, strict, budget, error) &&
           try_read(config, load_labels, folder, strict, budget, error) &&
           load_imagenet_labels(config, error);
}
