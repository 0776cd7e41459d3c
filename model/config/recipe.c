/* Reproduces how each library rounds sizes and origins.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/config/recipe.h"

#include <math.h>

#define MAX_SIDE (1 << 24) /* Pillow stores the corners of a box as float */

const char *cnx_crop_name(CnxCrop crop)
{
    static const char *const names[] = {
        [CNX_CROP_CENTER] = "center",
        [CNX_CROP_SQUASH] = "squash",
        [CNX_CROP_BORDER] = "border",
        [CNX_CROP_NONE] = "none",
    };

    return names[crop];
}

const char *cnx_filter_name(CnxFilter filter)
{
    static const char *const names[] = {
        [CNX_FILTER_NEAREST] = "nearest",   [CNX_FILTER_BOX] = "box",
        [CNX_FILTER_BILINEAR] = "bilinear", [CNX_FILTER_HAMMING] = "hamming",
        [CNX_FILTER_BICUBIC] = "bicubic",   [CNX_FILTER_LANCZOS] = "lanczos",
    };

    return names[filter];
}

static guint resize_for_size(const CnxRecipe *recipe)
{
    double pct = recipe->crop_pct > 0 ? recipe->crop_pct : CNX_CROP_PCT;

    return MAX((guint)CLAMP(floor(recipe->size / pct), 1, G_MAXINT), 1);
}

void cnx_recipe_set_size(CnxRecipe *recipe, guint size)
{
    if (size == recipe->size)
        return;
    recipe->size = size;
    if (recipe->squash_from)
        recipe->crop = size >= recipe->squash_from ? CNX_CROP_SQUASH : CNX_CROP_CENTER;
    if (recipe->crop == CNX_CROP_NONE || (recipe->squash_from && size >= recipe->squash_from))
        recipe->resize = size;
    else
        recipe->resize = resize_for_size(recipe);
}

void cnx_recipe_set_crop(CnxRecipe *recipe, CnxCrop crop)
{
    if (crop == recipe->crop) {
        recipe->squash_from = 0;
        return;
    }
    /* squash_from and none resize to size itself; the other modes divide it by crop_pct. */
    if (recipe->squash_from || recipe->crop == CNX_CROP_NONE)
        recipe->resize = resize_for_size(recipe);
    if (crop == CNX_CROP_NONE)
        recipe->resize = recipe->size;
    recipe->crop = crop;
    recipe->squash_from = 0;
}

/* Python's round(n / 2). */
static guint half_even(guint n)
{
    return n / 2 + (n % 2 && n / 2 % 2);
}

/* Resizes the short side to `side` and truncates the other: torchvision's Resize(side), which
 * transformers copied. */
static void fit_short_side(double size[2], guint width, guint height, guint side)
{
    double other = trunc((double)((guint64)side * MAX(width, height)) / MIN(width, height));

    size[0] = width <= height ? side : other;
    size[1] = width <= height ? other : side;
}

/* Resizes the long side to `side` and rounds both: timm's ResizeKeepRatio(side, longest=1). */
static void fit_long_side(double size[2], guint width, guint height, guint side)
{
    double ratio = MAX(height / (double)side, width / (double)side);

    size[0] = rint(width / ratio);
    size[1] = rint(height / ratio);
}

/* Centres `out` pixels on the resized ones. If padding is needed, half of it goes first, rounded
 * down (torchvision) or up (transformers). */
static CnxSpan centre_span(guint resized, guint out, CnxRounding rounding)
{
    CnxSpan span = {.resized = resized, .out = out, .count = MIN(resized, out)};

    if (resized < out)
        span.dst = (out - resized + (rounding == CNX_ROUNDING_FLOOR)) / 2;
    else if (rounding == CNX_ROUNDING_FLOOR)
        span.src = (resized - out) / 2;
    else
        span.src = half_even(resized - out);
    return span;
}

gboolean cnx_recipe_geometry(const CnxRecipe *recipe, guint width, guint height,
                             CnxGeometry *geometry, GError **error)
{
    double size[2] = {recipe->resize, recipe->resize}; /* width, height */

    *geometry = (CnxGeometry){0};
    if (width == 0 || height == 0) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                    "a picture of %u x %u pixels is empty; each side must be at least 1", width,
                    height);
        return FALSE;
    }
    if (recipe->crop == CNX_CROP_CENTER || recipe->crop == CNX_CROP_NONE)
        fit_short_side(size, width, height, recipe->resize);
    else if (recipe->crop == CNX_CROP_BORDER)
        fit_long_side(size, width, height, recipe->resize);
    if (!(size[0] >= 1 && size[1] >= 1 && size[0] <= MAX_SIDE && size[1] <= MAX_SIDE)) {
        g_set_error(
            error, CNX_ERROR, CNX_ERROR_SETTINGS,
            "a picture of %u x %u pixels would be resized to %.0f x %.0f; each side must be "
            "from 1 to %d",
            width, height, size[0], size[1], MAX_SIDE);
        return FALSE;
    }
    for (int i = 0; i < 2; i++) {
        guint resized = (guint)size[i];
        guint out = recipe->crop == CNX_CROP_NONE ? resized : recipe->size;

        *(i ? &geometry->y : &geometry->x) = centre_span(resized, out, recipe->rounding);
    }
    for (int c = 0; c < 3 && recipe->crop == CNX_CROP_BORDER; c++)
        geometry->fill[c] = (guint8)CLAMP(rint(255 * (double)recipe->mean[c]), 0, 255);
    return TRUE;
}
