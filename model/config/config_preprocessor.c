/* ConvNextImageProcessor, and the general kind of processor (ViTImageProcessor, CLIPImageProcessor,
 * ...), which resizes and may then crop the centre.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/config/config_preprocessor.h"

#include <string.h>

#include "model/config/recipe_defaults.h"

/* The defaults of a processor's class */
typedef struct Processor {
    const char *prefix; /* of the class's name */
    gboolean convnext;  /* crops by crop_pct, and not at all from 384 on */
    gboolean square;    /* a size of one number means both sides */
    gboolean crop;      /* crops the centre */
    CnxFilter filter;
    float mean[3], std[3];
} Processor;

#define HALF             \
    {0.5f, 0.5f, 0.5f},  \
    {                    \
        0.5f, 0.5f, 0.5f \
    }
#define IMAGENET               \
    {0.485f, 0.456f, 0.406f},  \
    {                          \
        0.229f, 0.224f, 0.225f \
    }
#define CLIP         \
    {CNX_CLIP_MEAN}, \
    {                \
        CNX_CLIP_STD \
    }

static const Processor processors[] = {
    {"ConvN", TRUE, FALSE, FALSE, CNX_FILTER_BICUBIC, HALF},
    {"CLIP", FALSE, FALSE, TRUE, CNX_FILTER_BICUBIC, CLIP},
    {"Bit", FALSE, FALSE, TRUE, CNX_FILTER_BICUBIC, CLIP},
    {"DINOv3", FALSE, TRUE, FALSE, CNX_FILTER_BILINEAR, IMAGENET},
    {"Segformer", FALSE, TRUE, FALSE, CNX_FILTER_BILINEAR, IMAGENET},
    {"", FALSE, TRUE, FALSE, CNX_FILTER_BILINEAR, HALF}, /* ViT and most others */
};

static gboolean find_processor(const CnxJson *json, const Processor **processor)
{
    const char *type = NULL;

    if (!cnx_json_string(json, "image_processor_type", &type) ||
        (!type && !cnx_json_string(json, "feature_extractor_type", &type)))
        return FALSE;
    if (!type) /* a ConvNextImageProcessor usually has no do_center_crop */
        type = cnx_json_has(json, "do_center_crop") ? "CLIP" : "ConvNext";
    *processor = processors;
    while (!g_str_has_prefix(type, (*processor)->prefix))
        (*processor)++;
    return TRUE;
}

/* 224, or {"height": 224, "width": 224}, or {"shortest_edge": 224}. */
static gboolean read_side(const CnxJson *json, const char *key, guint *side, gboolean *square)
{
    JsonObject *child = cnx_json_child(json, key);
    guint width = 0;

    *side = 0;
    if (!child)
        return cnx_json_uint(json, key, 32, CNX_INPUT_MAX, side);
    const CnxJson size = {child, json->file, json->error, json->budget};
    *square = !cnx_json_has(&size, "shortest_edge");
    if (!*square)
        return cnx_json_uint(&size, "shortest_edge", 32, CNX_INPUT_MAX, side);
    if (!cnx_json_has(&size, "height") || !cnx_json_has(&size, "width"))
        return cnx_json_fail(json, CNX_ERROR_CORRUPT, key,
                             "has neither shortest_edge nor height and width");
    if (!cnx_json_uint(&size, "height", 32, CNX_INPUT_MAX, side) ||
        !cnx_json_uint(&size, "width", 32, CNX_INPUT_MAX, &width))
        return FALSE;
    return *side == width ||
           cnx_json_fail(json, CNX_ERROR_UNSUPPORTED, key,
                         "is %ux%u, but this version supports square inputs only", width, *side);
}

static void set_resize(CnxRecipe *recipe, CnxCrop crop, guint resize, guint size)
{
    recipe->squash_from = 0;
    recipe->crop = crop;
    recipe->resize = resize;
    recipe->size = size;
    recipe->crop_pct = (double)size / resize;
}

static gboolean read_convnext(const CnxJson *json, CnxRecipe *recipe, guint side, gboolean square)
{
    double crop_pct = CNX_CROP_PCT;
    guint crop_size = 0;

    if (!cnx_json_double(json, "crop_pct", 0, 10, &crop_pct))
        return FALSE;
    if (square)
        set_resize(recipe, CNX_CROP_SQUASH, side, side);
    else
        cnx_recipe_set_convnext(recipe, side, crop_pct);
    if (!cnx_json_truth(json, "do_center_crop", FALSE))
        return TRUE;
    if (!read_side(json, "crop_size", &crop_size, &square))
        return FALSE;
    return crop_size == 0 || crop_size == side ||
           cnx_json_fail(
               json, CNX_ERROR_UNSUPPORTED, "crop_size",
               "is %u, but this version supports a ConvNextImageProcessor's crop to %u only",
               crop_size, side);
}

static gboolean read_general(const CnxJson *json, const Processor *processor, CnxRecipe *recipe,
                             guint side, gboolean square)
{
    guint crop_size = 0;
    gboolean ignored;

    if (cnx_json_truth(json, "do_center_crop", processor->crop)) {
        if (!read_side(json, "crop_size", &crop_size, &ignored))
            return FALSE;
        set_resize(recipe, square ? CNX_CROP_SQUASH : CNX_CROP_CENTER, side,
                   crop_size ? crop_size : 224);
    } else {
        set_resize(recipe, square ? CNX_CROP_SQUASH : CNX_CROP_NONE, side, side);
    }
    return TRUE;
}

static gboolean read_sizes(const CnxJson *json, const Processor *processor, CnxRecipe *recipe)
{
    gboolean square = processor->square;
    guint side;

    if (!cnx_json_truth(json, "do_resize", TRUE))
        return cnx_json_fail(json, CNX_ERROR_UNSUPPORTED, "do_resize",
                             "is false, but this version supports inputs of a fixed size only");
    if (!read_side(json, "size", &side, &square))
        return FALSE;
    if (!side) /* the class's default */
        side = processor->convnext ? 384 : recipe->size;
    return processor->convnext ? read_convnext(json, recipe, side, square)
                               : read_general(json, processor, recipe, side, square);
}

static gboolean read_filter(const CnxJson *json, CnxFilter *filter)
{
    static const CnxFilter pillow[] = {CNX_FILTER_NEAREST, CNX_FILTER_LANCZOS, CNX_FILTER_BILINEAR,
                                       CNX_FILTER_BICUBIC, CNX_FILTER_BOX,     CNX_FILTER_HAMMING};
    guint code = G_MAXUINT;

    if (!cnx_json_uint(json, "resample", 0, G_N_ELEMENTS(pillow) - 1, &code))
        return FALSE;
    if (code < G_N_ELEMENTS(pillow))
        *filter = pillow[code];
    return TRUE;
}

static gboolean read_values(const CnxJson *json, CnxRecipe *recipe)
{
    if (!cnx_json_double(json, "rescale_factor", 0, 1, &recipe->rescale) ||
        !cnx_json_triple(json, "image_mean", -G_MAXFLOAT, recipe->mean) ||
        !cnx_json_triple(json, "image_std", 0, recipe->std))
        return FALSE;
    if (!cnx_json_truth(json, "do_rescale", TRUE))
        recipe->rescale = 1;
    for (int c = 0; c < 3 && !cnx_json_truth(json, "do_normalize", TRUE); c++) {
        recipe->mean[c] = 0;
        recipe->std[c] = 1;
    }
    return TRUE;
}

gboolean cnx_config_read_preprocessor(CnxConfig *config, const CnxJson *json)
{
    CnxRecipe *recipe = &config->recipe;
    const Processor *processor;

    if (!find_processor(json, &processor))
        return FALSE;
    /* Even absent keys: their defaults depend on the processor that the file names. */
    for (int item = CNX_ITEM_SIZE; item <= CNX_ITEM_STD; item++)
        config->origin[item] = CNX_ORIGIN_PREPROCESSOR;
    recipe->rounding = CNX_ROUNDING_FLOOR;
    recipe->filter = processor->filter;
    recipe->rescale = 1.0 / 255;
    memcpy(recipe->mean, processor->mean, sizeof recipe->mean);
    memcpy(recipe->std, processor->std, sizeof recipe->std);
    return read_sizes(json, processor, recipe) && read_filter(json, &recipe->filter) &&
           read_values(json, recipe);
}
