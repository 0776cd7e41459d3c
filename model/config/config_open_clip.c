/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/config/config_open_clip.h"

enum { SHORTEST, SQUASH, LONGEST };

static const CnxJsonWord modes[] = {
    {"shortest", SHORTEST}, {"squash", SQUASH}, {"longest", LONGEST}};

static const CnxJsonWord filters[] = {
    {"bicubic", CNX_FILTER_BICUBIC},
    {"bilinear", CNX_FILTER_BILINEAR},
    {"random", CNX_FILTER_BICUBIC}, /* for training only */
};

/* One side, or [height, width]. */
static gboolean read_size(const CnxJson *json, const char *key, guint *size)
{
    JsonNode *node = json_object_get_member(json->object, key);
    guint sides[2] = {*size, *size};

    if (!node || !JSON_NODE_HOLDS_ARRAY(node))
        return cnx_json_uint(json, key, 32, CNX_INPUT_MAX, size);
    if (!cnx_json_uints(json, key, 2, sides))
        return FALSE;
    if (sides[0] != sides[1])
        return cnx_json_fail(json, CNX_ERROR_UNSUPPORTED, key,
                             "is [%u,%u], but this version supports square inputs only", sides[0],
                             sides[1]);
    if (sides[0] < 32 || sides[0] > CNX_INPUT_MAX)
        return cnx_json_fail(json, CNX_ERROR_CORRUPT, key, "is %u, expected 32 to %u", sides[0],
                             CNX_INPUT_MAX);
    *size = sides[0];
    return TRUE;
}

static gboolean read_preprocess(const CnxJson *json, CnxRecipe *recipe)
{
    int mode = SHORTEST, filter = recipe->filter;

    if (!cnx_json_word(json, "resize_mode", modes, G_N_ELEMENTS(modes), &mode) ||
        !cnx_json_word(json, "interpolation", filters, G_N_ELEMENTS(filters), &filter) ||
        !cnx_json_triple(json, "mean", -G_MAXFLOAT, recipe->mean) ||
        !cnx_json_triple(json, "std", 0, recipe->std))
        return FALSE;
    if (mode == LONGEST)
        return cnx_json_fail(
            json, CNX_ERROR_UNSUPPORTED, "resize_mode",
            "is \"longest\", but this version supports \"shortest\" and \"squash\" only");
    recipe->crop = mode == SQUASH ? CNX_CROP_SQUASH : CNX_CROP_CENTER;
    recipe->filter = filter;
    return TRUE;
}

static const CnxItemKey size_keys[] = {{"image_size", CNX_ITEM_SIZE},
                                       {"image_size", CNX_ITEM_RESIZE}};

static const CnxItemKey preprocess_keys[] = {{"resize_mode", CNX_ITEM_CROP},
                                             {"interpolation", CNX_ITEM_FILTER},
                                             {"mean", CNX_ITEM_MEAN},
                                             {"std", CNX_ITEM_STD}};

gboolean cnx_config_read_open_clip(CnxConfig *config, const CnxJson *json)
{
    JsonObject *model = cnx_json_child(json, "model_cfg");
    JsonObject *preprocess = cnx_json_child(json, "preprocess_cfg");
    guint size = config->recipe.size, width = config->projection;

    if (model) {
        const CnxJson cfg = {model, json->file, json->error, json->budget};
        JsonObject *child = cnx_json_child(&cfg, "vision_cfg");
        const CnxJson vision = {child ? child : model, json->file, json->error, json->budget};

        if (!cnx_json_uint(&cfg, "embed_dim", 1, G_MAXINT, &width) ||
            !read_size(&vision, "image_size", &size))
            return FALSE;
        if (config->projection && width != config->projection)
            return cnx_json_fail(&cfg, CNX_ERROR_MISMATCH, "embed_dim",
                                 "is %u, but the weights have %u", width, config->projection);
        cnx_config_set_origins(config, &vision, CNX_ORIGIN_OPEN_CLIP, size_keys,
                               G_N_ELEMENTS(size_keys));
        cnx_recipe_set_size(&config->recipe, size);
    }
    if (!preprocess)
        return TRUE;
    const CnxJson cfg = {preprocess, json->file, json->error, json->budget};
    cnx_config_set_origins(config, &cfg, CNX_ORIGIN_OPEN_CLIP, preprocess_keys,
                           G_N_ELEMENTS(preprocess_keys));
    return read_preprocess(&cfg, &config->recipe);
}
