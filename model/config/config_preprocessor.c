/* transformers' image processors: ConvNextImageProcessor, the general kind (ViTImageProcessor,
 * CLIPImageProcessor, ...), which resizes and may then crop the centre, and its variations.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/config/config_preprocessor.h"

#include <string.h>

#include "model/config/config_timm.h"
#include "model/config/recipe_defaults.h"

typedef enum Kind {
    GENERAL,
    CONVNEXT,     /* crops by crop_pct, and not at all from 384 on */
    LEVIT,        /* resizes to 256/224 of the shortest edge */
    POOLFORMER,   /* resizes to size / crop_pct */
    EFFICIENTNET, /* may subtract 1 after rescaling, and divides by the deviation twice */
    TIMM,         /* timm's transform, from its "pretrained_cfg" */
} Kind;

/* A class and its defaults */
typedef struct Processor {
    const char *name; /* of the class, without its ending */
    Kind kind;
    gboolean square; /* a size of one number means both sides */
    gboolean default_size_is_square;
    guint size, crop_size; /* pixels */
    gboolean crop;         /* crops the centre */
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
#define SHORT FALSE, FALSE
#define SQUARE TRUE, TRUE
#define LINEAR CNX_FILTER_BILINEAR
#define CUBIC CNX_FILTER_BICUBIC

static const Processor processors[] = {
    {"Beit", GENERAL, SQUARE, 224, 224, FALSE, CUBIC, HALF},
    {"Bit", GENERAL, SHORT, 224, 224, TRUE, CUBIC, CLIP},
    {"Blip", GENERAL, SQUARE, 384, 224, FALSE, CUBIC, CLIP},
    {"ChineseCLIP", GENERAL, SHORT, 224, 224, TRUE, CUBIC, CLIP},
    {"CLIP", GENERAL, SHORT, 224, 224, TRUE, CUBIC, CLIP},
    {"ConvNext", CONVNEXT, SHORT, 384, 224, FALSE, CUBIC, HALF},
    {"DeiT", GENERAL, SQUARE, 256, 224, TRUE, CUBIC, HALF},
    {"DINOv3ViT", GENERAL, SQUARE, 224, 224, FALSE, LINEAR, IMAGENET},
    {"EfficientNet", EFFICIENTNET, SQUARE, 346, 289, FALSE, CUBIC, HALF},
    {"Levit", LEVIT, SHORT, 224, 224, TRUE, CUBIC, IMAGENET},
    {"MobileNetV1", GENERAL, SHORT, 256, 224, TRUE, LINEAR, HALF},
    {"MobileNetV2", GENERAL, SHORT, 256, 224, TRUE, LINEAR, HALF},
    {"PoolFormer", POOLFORMER, SHORT, 224, 224, TRUE, CUBIC, IMAGENET},
    {"Pvt", GENERAL, SQUARE, 224, 224, FALSE, CUBIC, IMAGENET},
    {"Segformer", GENERAL, SQUARE, 512, 224, FALSE, LINEAR, IMAGENET},
    {"Siglip", GENERAL, FALSE, TRUE, 224, 224, FALSE, CUBIC, HALF},
    {"TimmWrapper", TIMM, SHORT, 224, 224, FALSE, CUBIC, IMAGENET},
    {"ViT", GENERAL, SQUARE, 224, 224, FALSE, LINEAR, HALF},
};

/* Whether type is the name with one of the endings that transformers has used. */
static gboolean is_class(const char *type, const char *name)
{
    static const char *const endings[] = {"ImageProcessor", "ImageProcessorFast",
                                          "ImageProcessorPil", "FeatureExtractor", NULL};
    const gsize length = strlen(name);

    return !g_ascii_strncasecmp(type, name, length) && g_strv_contains(endings, type + length);
}

static gboolean refuse_class(const CnxJson *json, const char *key, const char *type)
{
    g_autofree char *quoted = cnx_quote(type);
    g_autoptr(GString) names = g_string_new(NULL);

    for (guint i = 0; i < G_N_ELEMENTS(processors); i++)
        g_string_append_printf(names, "%s%s", i ? ", " : "", processors[i].name);
    return cnx_json_fail(json, CNX_ERROR_UNSUPPORTED, key,
                         "is %s, but this version supports the image processors of %s only", quoted,
                         names->str);
}

static gboolean find_processor(const CnxJson *json, const Processor **processor)
{
    const char *key = "image_processor_type", *type = NULL;

    if (!cnx_json_string(json, key, &type))
        return FALSE;
    if (!type && !cnx_json_string(json, key = "feature_extractor_type", &type))
        return FALSE;
    if (!type) /* a ConvNextImageProcessor usually has no do_center_crop */
        type =
            cnx_json_has(json, "do_center_crop") ? "CLIPImageProcessor" : "ConvNextImageProcessor";
    for (guint i = 0; i < G_N_ELEMENTS(processors); i++)
        if (is_class(type, processors[i].name)) {
            *processor = &processors[i];
            return TRUE;
        }
    return refuse_class(json, key, type);
}

gboolean cnx_config_check_processor(const CnxJson *json)
{
    const Processor *processor;

    return find_processor(json, &processor);
}

/* 224, or {"height": 224, "width": 224}, or {"shortest_edge": 224}. side is the height. */
static gboolean read_size(const CnxJson *json, const char *key, guint *side, guint *width,
                          gboolean *square)
{
    JsonObject *child = cnx_json_child(json, key);

    *side = *width = 0;
    if (!child) {
        const gboolean is_fine = cnx_json_uint(json, key, 32, CNX_INPUT_MAX, side);

        *width = *side;
        return is_fine;
    }
    const CnxJson size = {child, json->file, json->error, json->budget};
    *square = !cnx_json_has(&size, "shortest_edge");
    if (cnx_json_has(&size, "longest_edge"))
        return cnx_json_fail(json, CNX_ERROR_UNSUPPORTED, key,
                             "has longest_edge, but this version supports shortest_edge, or height "
                             "and width, only");
    if (!*square) {
        const gboolean is_fine = cnx_json_uint(&size, "shortest_edge", 32, CNX_INPUT_MAX, side);

        *width = *side;
        return is_fine;
    }
    if (!cnx_json_has(&size, "height") || !cnx_json_has(&size, "width"))
        return cnx_json_fail(json, CNX_ERROR_CORRUPT, key,
                             "has neither shortest_edge nor height and width");
    return cnx_json_uint(&size, "height", 32, CNX_INPUT_MAX, side) &&
           cnx_json_uint(&size, "width", 32, CNX_INPUT_MAX, width);
}

static gboolean fail_square(const CnxJson *json, const char *key, guint width, guint height)
{
    return cnx_json_fail(json, CNX_ERROR_UNSUPPORTED, key,
                         "is %ux%u, but this version supports square inputs only", width, height);
}

static gboolean read_side(const CnxJson *json, const char *key, guint *side, gboolean *square)
{
    guint width;

    return read_size(json, key, side, &width, square) &&
           (*side == width || fail_square(json, key, width, *side));
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

/* The side that the picture is resized to; PoolFormer keeps the aspect even with two sides. */
static gboolean read_scale(const CnxJson *json, const Processor *processor, guint *side,
                           gboolean *square)
{
    double crop_pct = 0.9; /* PoolFormer's default */

    if (processor->kind == LEVIT && !*square)
        *side = (guint)(256.0 / 224 * *side);
    if (processor->kind != POOLFORMER)
        return TRUE;
    if (!cnx_json_double(json, "crop_pct", 0, 10, &crop_pct))
        return FALSE;
    *side = MAX((guint)MIN(*side / crop_pct, G_MAXINT), 1);
    *square = FALSE;
    return TRUE;
}

static gboolean read_general(const CnxJson *json, const Processor *processor, CnxRecipe *recipe,
                             guint side, gboolean square)
{
    guint crop_size = 0;
    gboolean ignored;

    if (!read_scale(json, processor, &side, &square))
        return FALSE;
    if (cnx_json_truth(json, "do_center_crop", processor->crop)) {
        if (!read_side(json, "crop_size", &crop_size, &ignored))
            return FALSE;
        set_resize(recipe, square ? CNX_CROP_SQUASH : CNX_CROP_CENTER, side,
                   crop_size ? crop_size : processor->crop_size);
    } else {
        set_resize(recipe, square ? CNX_CROP_SQUASH : CNX_CROP_NONE, side, side);
    }
    return TRUE;
}

/* Both sides are resized to an input that is not square. */
static gboolean set_sides(const CnxJson *json, const Processor *processor, CnxRecipe *recipe,
                          guint width, guint height)
{
    if (processor->kind == CONVNEXT || processor->kind == POOLFORMER || processor->kind == LEVIT ||
        cnx_json_truth(json, "do_center_crop", processor->crop))
        return fail_square(json, "size", width, height);
    set_resize(recipe, CNX_CROP_SQUASH, height, height);
    cnx_recipe_set_sides(recipe, width, height);
    return TRUE;
}

static gboolean read_sizes(const CnxJson *json, const Processor *processor, CnxRecipe *recipe)
{
    gboolean square = processor->square;
    guint side, width;

    if (!cnx_json_truth(json, "do_resize", TRUE))
        return cnx_json_fail(json, CNX_ERROR_UNSUPPORTED, "do_resize",
                             "is false, but this version supports inputs of a fixed size only");
    if (!read_size(json, "size", &side, &width, &square))
        return FALSE;
    if (side != width)
        return set_sides(json, processor, recipe, width, side);
    if (!side) {
        side = processor->size;
        square = processor->default_size_is_square;
    }
    return processor->kind == CONVNEXT ? read_convnext(json, recipe, side, square)
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

/* ((x - 1 - mean) / std) / std is (x - (mean + 1)) / (std * std). */
static void adapt_efficientnet(const CnxJson *json, const Processor *processor, CnxRecipe *recipe)
{
    const gboolean offset =
        cnx_json_truth(json, "do_rescale", TRUE) && cnx_json_truth(json, "rescale_offset", FALSE);
    float std[3];

    /* The second division takes place even if do_normalize is false. read_values() has checked
     * "image_std". */
    memcpy(std, processor->std, sizeof std);
    cnx_json_triple(json, "image_std", 0, std);
    for (int c = 0; c < 3; c++) {
        recipe->mean[c] += offset;
        if (cnx_json_truth(json, "include_top", TRUE))
            recipe->std[c] *= std[c];
    }
}

static gboolean read_timm(CnxConfig *config, const CnxJson *json)
{
    JsonObject *child = cnx_json_child(json, "pretrained_cfg");
    const CnxJson cfg = {child, json->file, json->error, json->budget};

    if (!child)
        return cnx_json_fail(json, CNX_ERROR_UNSUPPORTED, "pretrained_cfg",
                             "is missing, but a TimmWrapperImageProcessor needs it");
    return cnx_config_read_timm_recipe(config, &cfg);
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
    if (processor->kind == TIMM)
        return read_timm(config, json);
    recipe->rounding = CNX_ROUNDING_FLOOR;
    recipe->filter = processor->filter;
    recipe->rescale = 1.0 / 255;
    memcpy(recipe->mean, processor->mean, sizeof recipe->mean);
    memcpy(recipe->std, processor->std, sizeof recipe->std);
    if (!read_sizes(json, processor, recipe) || !read_filter(json, &recipe->filter) ||
        !read_values(json, recipe))
        return FALSE;
    if (processor->kind == EFFICIENTNET)
        adapt_efficientnet(json, processor, recipe);
    return TRUE;
}
