/* Reproduces how each library rounds sizes and origins.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/config/recipe.h"

#include <math.h>

#define FIT_SIZE 800u /* torchvision's detectors */
#define FIT_LONGEST 1333u
#define FIT_MULTIPLE 32u
#define VIDEO_WIDTH 1920
#define VIDEO_HEIGHT 1080
#define MAX_SIDE (1 << 24) /* Pillow stores the corners of a box as float */

/* Of an input in the shape of the picture. */
#define MAX_PIXELS (8192.0 * 8192)

const char *cnx_crop_name(CnxCrop crop)
{
    static const char *const names[] = {
        [CNX_CROP_CENTER] = "center", [CNX_CROP_SQUASH] = "squash", [CNX_CROP_BORDER] = "border",
        [CNX_CROP_NONE] = "none",     [CNX_CROP_FIT] = "fit",
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

const char *cnx_resampling_name(CnxResampling resampling)
{
    static const char *const names[] = {
        [CNX_RESAMPLING_PILLOW] = "pillow",
        [CNX_RESAMPLING_TORCH] = "torch",
        [CNX_RESAMPLING_OPENCV] = "opencv",
    };

    return names[resampling];
}

static guint resize_by_pct(const CnxRecipe *recipe, guint side)
{
    double pct = recipe->crop_pct > 0 ? recipe->crop_pct : CNX_CROP_PCT;

    return MAX((guint)CLAMP(floor(side / pct), 1, G_MAXINT), 1);
}

/* The input keeps the shape of the frame. */
static gboolean keeps_shape(CnxCrop crop)
{
    return crop == CNX_CROP_NONE || crop == CNX_CROP_FIT;
}

/* Of a side of an input that is not square. */
static guint resize_side(const CnxRecipe *recipe, guint side)
{
    if (side == recipe->size)
        return recipe->resize;
    return recipe->resize == recipe->size ? side : resize_by_pct(recipe, side);
}

void cnx_recipe_set_size(CnxRecipe *recipe, guint size)
{
    recipe->width = recipe->height = 0;
    if (size == recipe->size)
        return;
    if (recipe->size > 0)
        recipe->longest = (guint)((guint64)recipe->longest * size / recipe->size);
    recipe->size = size;
    if (recipe->squash_from)
        recipe->crop = size >= recipe->squash_from ? CNX_CROP_SQUASH : CNX_CROP_CENTER;
    if (keeps_shape(recipe->crop) || (recipe->squash_from && size >= recipe->squash_from))
        recipe->resize = size;
    else
        recipe->resize = resize_by_pct(recipe, size);
}

void cnx_recipe_set_sides(CnxRecipe *recipe, guint width, guint height)
{
    cnx_recipe_set_size(recipe, MIN(width, height));
    if (recipe->crop == CNX_CROP_FIT) {
        recipe->longest = MAX(width, height);
    } else if (recipe->crop != CNX_CROP_NONE && width != height) {
        recipe->width = width;
        recipe->height = height;
    }
}

void cnx_recipe_set_fit(CnxRecipe *recipe, guint size, guint longest, guint multiple)
{
    recipe->crop = CNX_CROP_FIT;
    recipe->squash_from = 0;
    recipe->width = recipe->height = 0;
    recipe->size = recipe->resize = size;
    recipe->longest = longest;
    recipe->multiple = multiple;
}

void cnx_recipe_set_crop(CnxRecipe *recipe, CnxCrop crop)
{
    const gboolean changes = crop != recipe->crop;

    /* squash_from, none and fit resize to size itself; the other modes divide it by crop_pct. */
    if (changes && (recipe->squash_from || keeps_shape(recipe->crop)))
        recipe->resize = resize_by_pct(recipe, recipe->size);
    if (changes && crop == CNX_CROP_NONE)
        recipe->resize = recipe->size;
    if (changes && crop == CNX_CROP_FIT)
        cnx_recipe_set_fit(recipe, recipe->size,
                           recipe->longest ? recipe->longest
                                           : recipe->size * FIT_LONGEST / FIT_SIZE,
                           recipe->multiple ? recipe->multiple : FIT_MULTIPLE);
    if (keeps_shape(crop))
        recipe->width = recipe->height = 0;
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

/* Resizes into, or over, the sides and rounds both: timm's ResizeKeepRatio. */
static void keep_ratio(double size[2], guint width, guint height, gboolean into)
{
    double across = width / size[0], down = height / size[1];
    double ratio = into ? MAX(down, across) : MIN(down, across);

    size[0] = rint(width / ratio);
    size[1] = rint(height / ratio);
}

/* Fits both sides below their limits: torchvision rounds down, mmcv to the nearest. */
static void fit_sides(double size[2], const CnxRecipe *recipe, guint width, guint height)
{
    const double longest = recipe->longest ? recipe->longest : INFINITY;
    const double scale =
        MIN((double)recipe->size / MIN(width, height), longest / MAX(width, height));
    const double half = recipe->resampling == CNX_RESAMPLING_OPENCV ? 0.5 : 0;

    size[0] = floor(width * scale + half);
    size[1] = floor(height * scale + half);
}

/* The sides of the resized picture. size: width, height */
static void resize_sides(double size[2], const CnxRecipe *recipe, guint width, guint height)
{
    const gboolean is_square = recipe->width == 0;

    size[0] = is_square ? recipe->resize : resize_side(recipe, recipe->width);
    size[1] = is_square ? recipe->resize : resize_side(recipe, recipe->height);
    switch (recipe->crop) {
    case CNX_CROP_CENTER:
        if (size[0] != size[1]) {
            keep_ratio(size, width, height, FALSE);
            break;
        }
        /* fallthrough */
    case CNX_CROP_NONE:
        fit_short_side(size, width, height, recipe->resize);
        break;
    case CNX_CROP_BORDER:
        keep_ratio(size, width, height, TRUE);
        break;
    case CNX_CROP_FIT:
        fit_sides(size, recipe, width, height);
        break;
    case CNX_CROP_SQUASH:
        break;
    }
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

/* All resized pixels, then padding. */
static CnxSpan corner_span(guint resized, guint multiple)
{
    return (CnxSpan){.resized = resized,
                     .out = (resized + multiple - 1) / multiple * multiple,
                     .count = resized};
}

/* size: the sides of the resized picture. */
static gboolean refuse_sides(const CnxRecipe *recipe, guint width, guint height,
                             const double size[2], GError **error)
{
    g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                "a picture of %u x %u pixels would be resized to %.0f x %.0f%s%s, but each side "
                "must be from 1 to %d pixels: set %s, or crop or pad the frames upstream",
                width, height, size[0], size[1], recipe->reshape ? "" : " with crop=",
                recipe->reshape ? "" : cnx_crop_name(recipe->crop), MAX_SIDE,
                recipe->reshape ? recipe->reshape : "crop=squash");
    return FALSE;
}

/* A long and narrow picture may become an input that fits in memory but takes minutes. */
static gboolean refuse_pixels(guint width, guint height, const double size[2], GError **error)
{
    g_set_error(
        error, CNX_ERROR, CNX_ERROR_SETTINGS,
        "a picture of %u x %u pixels would be resized to %.0f x %.0f with crop=none, expected "
        "at most %.0f pixels: set crop=squash, or crop or pad the frames upstream",
        width, height, size[0], size[1], MAX_PIXELS);
    return FALSE;
}

gboolean cnx_recipe_geometry(const CnxRecipe *recipe, guint width, guint height,
                             CnxGeometry *geometry, GError **error)
{
    const guint sides[2] = {recipe->width ? recipe->width : recipe->size,
                            recipe->width ? recipe->height : recipe->size};
    double size[2]; /* width, height */

    *geometry = (CnxGeometry){0};
    if (width == 0 || height == 0) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                    "a picture of %u x %u pixels is empty; each side must be at least 1", width,
                    height);
        return FALSE;
    }
    resize_sides(size, recipe, width, height);
    if (!(size[0] >= 1 && size[1] >= 1 && size[0] <= MAX_SIDE && size[1] <= MAX_SIDE))
        return refuse_sides(recipe, width, height, size, error);
    if (recipe->crop == CNX_CROP_NONE && size[0] * size[1] > MAX_PIXELS)
        return refuse_pixels(width, height, size, error);
    for (int i = 0; i < 2; i++) {
        const guint resized = (guint)size[i];
        CnxSpan *span = i ? &geometry->y : &geometry->x;

        if (recipe->crop == CNX_CROP_FIT)
            *span = corner_span(resized, MAX(recipe->multiple, 1));
        else
            *span = centre_span(resized, recipe->crop == CNX_CROP_NONE ? resized : sides[i],
                                recipe->rounding);
    }
    geometry->pads_zeros = recipe->crop == CNX_CROP_FIT;
    for (int c = 0; c < 3 && recipe->crop == CNX_CROP_BORDER; c++)
        geometry->fill[c] = (guint8)CLAMP(rint(255 * (double)recipe->mean[c]), 0, 255);
    return TRUE;
}

void cnx_recipe_input(const CnxRecipe *recipe, guint *width, guint *height)
{
    CnxGeometry geometry;

    *width = recipe->width ? recipe->width : recipe->size;
    *height = recipe->width ? recipe->height : recipe->size;
    if (recipe->crop == CNX_CROP_FIT &&
        cnx_recipe_geometry(recipe, VIDEO_WIDTH, VIDEO_HEIGHT, &geometry, NULL)) {
        *width = geometry.x.out;
        *height = geometry.y.out;
    }
}
