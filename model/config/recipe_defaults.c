/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/config/recipe_defaults.h"

#include <string.h>

#define SIZE 224
#define CLIP_SIZE 256 /* most ConvNeXts of open_clip */
#define SQUASH_FROM 384

void cnx_recipe_set_convnext(CnxRecipe *recipe, guint size, double crop_pct)
{
    recipe->crop = CNX_CROP_CENTER;
    recipe->squash_from = SQUASH_FROM;
    recipe->crop_pct = crop_pct;
    recipe->size = 0;
    cnx_recipe_set_size(recipe, size);
}

/* torchvision's presets have one resize per variant. */
static void set_torchvision(CnxRecipe *recipe, const char *variant)
{
    recipe->filter = CNX_FILTER_BILINEAR;
    recipe->size = SIZE;
    if (!strcmp(variant, "convnext_tiny"))
        recipe->resize = 236;
    else if (!strcmp(variant, "convnext_small"))
        recipe->resize = 230;
    else if (!strcmp(variant, "convnext_base") || !strcmp(variant, "convnext_large"))
        recipe->resize = 232;
    else
        recipe->resize = 256; /* the preset's default */
    recipe->crop_pct = (double)SIZE / recipe->resize;
}

void cnx_recipe_set_defaults(CnxRecipe *recipe, CnxDialect dialect, const char *variant)
{
    static const float mean[3] = {0.485f, 0.456f, 0.406f}, std[3] = {0.229f, 0.224f, 0.225f};
    static const float clip_mean[3] = {CNX_CLIP_MEAN}, clip_std[3] = {CNX_CLIP_STD};

    *recipe = (CnxRecipe){.crop = CNX_CROP_CENTER,
                          .filter = CNX_FILTER_BICUBIC,
                          .rounding = CNX_ROUNDING_HALF_EVEN,
                          .crop_pct = CNX_CROP_PCT,
                          .rescale = 1.0 / 255,
                          .grey = recipe->grey};
    memcpy(recipe->mean, mean, sizeof mean);
    memcpy(recipe->std, std, sizeof std);

    switch (dialect) {
    case CNX_DIALECT_TORCHVISION:
        set_torchvision(recipe, variant);
        break;
    case CNX_DIALECT_TIMM:
        cnx_recipe_set_size(recipe, SIZE);
        break;
    case CNX_DIALECT_TRANSFORMERS:
        recipe->rounding = CNX_ROUNDING_FLOOR;
        cnx_recipe_set_convnext(recipe, SIZE, CNX_CROP_PCT);
        break;
    case CNX_DIALECT_OPEN_CLIP:
        memcpy(recipe->mean, clip_mean, sizeof recipe->mean);
        memcpy(recipe->std, clip_std, sizeof recipe->std);
        recipe->crop_pct = 1;
        cnx_recipe_set_size(recipe, CLIP_SIZE);
        break;
    case CNX_DIALECT_FACEBOOK:
    case CNX_DIALECT_OPENMMLAB:
        cnx_recipe_set_convnext(recipe, SIZE, CNX_CROP_PCT);
        break;
    }
}
