/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/heads/segmenter_config.h"

#include <string.h>

#include "model/base/memory.h"
#include "model/config/labels.h"
#include "model/config/recipe_defaults.h"

#define SIDE 512        /* of the input, where no file says another one */
#define MM_LONGEST 2048 /* limit for the long side in mmsegmentation's configs */

typedef struct Reading {
    const CnxFamily *family;
    gpointer head;
    const CnxCheckpoint *checkpoint;
    CnxHeadTensors *tensors;
    const char *folder;
    const CnxJson *json; /* config.json; NULL: none */
    GError **error;
} Reading;

/* Whether config.json is that of the family's library. */
static gboolean check_model(const Reading *r)
{
    const gboolean is_smp = cnx_json_has(r->json, "_model_class");
    const char *key = is_smp ? "_model_class" : "model_type", *value = NULL;

    if (!cnx_json_string(r->json, key, &value))
        return FALSE;
    if (g_strcmp0(value, r->family->model) == 0)
        return TRUE;
    g_autofree char *quoted = value ? cnx_quote(value) : g_strdup("missing");
    return cnx_json_fail(r->json, CNX_ERROR_MISMATCH, key,
                         "is %s, but the weights have the head of a %s of %s", quoted,
                         r->family->name, r->family->library);
}

static gboolean read_labels_file(const Reading *r, CnxHeadInfo *info)
{
    g_autofree char *path = g_build_filename(r->folder, "labels.txt", NULL);

    if (info->labels || !g_file_test(path, G_FILE_TEST_EXISTS))
        return TRUE;
    info->labels = cnx_labels_read(path, info->classes, r->error);
    info->labels_from = CNX_ORIGIN_LABELS;
    return info->labels != NULL;
}

/* transformers says the size in a file of its own; mmsegmentation's follows from the frame; smp
 * leaves it to the user. */
static void set_recipe(const Reading *r, CnxHeadInfo *info)
{
    const CnxConfig *config = cnx_checkpoint_config(r->checkpoint);

    info->recipe = config->recipe;
    if (r->family->is_mm) {
        cnx_recipe_set_fit(&info->recipe, SIDE, MM_LONGEST, 1);
        info->recipe.crop_pct = 1; /* with another crop too, nothing of the frame is cut off */
        info->recipe.resampling = CNX_RESAMPLING_OPENCV;
        cnx_head_info_assume(info, "size=%ux%u", SIDE, MM_LONGEST);
        return;
    }
    if (config->origin[CNX_ITEM_SIZE] != CNX_ORIGIN_PREPROCESSOR) {
        cnx_recipe_set_crop(&info->recipe, CNX_CROP_SQUASH);
        info->recipe.crop_pct = 1;
        info->recipe.filter = CNX_FILTER_BILINEAR;
        cnx_recipe_set_size(&info->recipe, SIDE);
        cnx_head_info_assume(info, "size=%ux%u", SIDE, SIDE);
    }
    cnx_recipe_input(&info->recipe, &info->width, &info->height);
}

/* How the scores of the classes make a mask. */
static gboolean read_decision(const Reading *r, CnxHeadInfo *info)
{
    enum { NOTHING, SINGLE, MULTI };
    static const CnxJsonWord words[] = {{"single_label_classification", SINGLE},
                                        {"multi_label_classification", MULTI}};
    int problem = NOTHING;

    if (!cnx_json_word(r->json, "problem_type", words, G_N_ELEMENTS(words), &problem))
        return FALSE;
    if (problem == SINGLE && info->multi_label)
        return cnx_json_fail(r->json, CNX_ERROR_UNSUPPORTED, "problem_type",
                             "says that the classes exclude each other, but they are independent "
                             "(\"activation\" is \"sigmoid\", or there is only one)");
    info->multi_label |= problem == MULTI;
    return cnx_decision_read(&info->decision, r->json,
                             info->multi_label ? CNX_SCORES_SIGMOID : CNX_SCORES_SOFTMAX,
                             info->classes, info->labels);
}

/* All but labels.txt. NULL with error. */
static CnxHeadInfo *read_info(const Reading *r)
{
    g_autoptr(CnxHeadInfo) info = cnx_head_info_new();
    const CnxHeadSource source = {cnx_checkpoint_config(r->checkpoint), r->tensors, r->json,
                                  r->error};

    info->family = r->family->name;
    info->library = r->family->library;
    if (r->family->is_mm && source.backbone->dialect == CNX_DIALECT_FACEBOOK)
        info->library = "facebookresearch";
    memset(r->head, 0, r->family->size);
    if ((r->json && (!check_model(r) || !cnx_family_check_keys(r->family, &source))) ||
        !r->family->describe(r->head, &source, info) ||
        !cnx_family_check_number(&source, "num_labels", info->classes) ||
        (r->json && !cnx_labels_read_json(r->json, "id2label", NULL, info->classes, &info->labels)))
        return NULL;
    info->labels_from = info->labels ? CNX_ORIGIN_CONFIG : CNX_ORIGIN_WEIGHTS;
    info->multi_label |= info->classes == 1;
    cnx_head_info_add_dataset(info, cnx_checkpoint_dataset(r->checkpoint), r->tensors->file);
    if (r->json && !read_decision(r, info))
        return NULL;
    set_recipe(r, info);
    return g_steal_pointer(&info);
}

/* Whether a file beside weights that were named themselves may be ignored for this reason. */
static gboolean is_other_model(const GError *cause)
{
    return g_error_matches(cause, CNX_ERROR, CNX_ERROR_MISMATCH) ||
           g_error_matches(cause, CNX_ERROR, CNX_ERROR_NOT_CONVNEXT);
}

/* config.json, unless the backbone found that it belongs to another model. NULL, with error unless
 * there is none. */
static JsonObject *load_config(const Reading *r, const char *path, CnxBudget *budget)
{
    return cnx_checkpoint_config(r->checkpoint)->no_config ? NULL
                                                           : cnx_json_load(path, budget, r->error);
}

/* Reads config.json and labels.txt if they are there. NULL with error. */
static CnxHeadInfo *read_with_files(Reading r, gboolean strict, gboolean *is_other)
{
    g_autofree char *path = g_build_filename(r.folder, "config.json", NULL);
    g_autofree char *file = g_filename_display_name(path);
    CnxBudget budget = {CNX_BUDGET_FIXED};
    g_autoptr(GError) cause = NULL;
    g_autoptr(JsonObject) object = load_config(&r, path, &budget);
    const CnxJson json = {object, file, r.error, &budget};

    if (!object && *r.error)
        return NULL;
    r.json = object ? &json : NULL;
    g_autoptr(CnxHeadInfo) info = read_info(&r);
    if (is_other)
        *is_other = !info && object && !strict && is_other_model(*r.error);
    if (!info)
        return NULL;
    const Reading labels = {.folder = r.folder, .error = &cause};
    if (read_labels_file(&labels, info))
        return g_steal_pointer(&info);
    if (strict || !is_other_model(cause)) {
        g_propagate_error(r.error, g_steal_pointer(&cause));
        return NULL;
    }
    cnx_head_info_ignore(info, cause->message);
    return g_steal_pointer(&info);
}

CnxHeadInfo *cnx_segmenter_describe(const CnxFamily *family, gpointer head,
                                    const CnxCheckpoint *checkpoint, CnxHeadTensors *tensors,
                                    const char *path, gboolean *is_other, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(cnx_checkpoint_files(checkpoint)[0]);

    return read_with_files((Reading){family, head, checkpoint, tensors, folder, NULL, error},
                           g_file_test(path, G_FILE_TEST_IS_DIR), is_other);
}
