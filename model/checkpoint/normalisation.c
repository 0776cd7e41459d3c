/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/checkpoint/normalisation.h"

#include <math.h>
#include <string.h>

#define BYTE_MAX 255.0f
#define TOLERANCE 2e-3f /* of values that were stored as F16 or BF16 */

/* [3], [3,1,1] or [1,3,1,1] */
static gboolean is_triple(const CnxTensor *t)
{
    const guint axis = t->rank == 4;

    return t->dtype != CNX_DTYPE_OTHER && t->elements == 3 &&
           (t->rank == 1 || t->rank == 3 || t->rank == 4) && t->shape[axis] == 3;
}

/* The name without a trailing "mean" or "std", which must be a word of its own or have a prefix
 * that says that it belongs to images. NULL for other names; free with g_free. */
static char *find_stem(const char *name, const char *word)
{
    static const char *const prefixes[] = {"",       "_",     "pixel_", "image_", "img_",
                                           "input_", "norm_", "data_",  "rgb_"};
    const char *dot = strrchr(name, '.'), *leaf = dot ? dot + 1 : name;

    for (guint i = 0; i < G_N_ELEMENTS(prefixes); i++) {
        const gsize length = strlen(prefixes[i]);

        if (!strncmp(leaf, prefixes[i], length) && !strcmp(leaf + length, word))
            return g_strndup(name, (gsize)(leaf - name) + length);
    }
    return NULL;
}

gboolean cnx_normalisation_add(CnxNormalisation *self, const CnxNaming *naming,
                               const CnxTensor *tensor)
{
    gboolean inside;
    g_autofree char *rest = cnx_naming_rest(naming, tensor->name, &inside);
    g_autofree char *mean = find_stem(tensor->name, "mean");
    g_autofree char *std = find_stem(tensor->name, "std");
    const CnxTensor **place = mean ? &self->mean : &self->std;

    if (inside || (!mean && !std) || !is_triple(tensor) || *place)
        return FALSE;
    *place = tensor;
    return TRUE;
}

static gboolean fail_values(const CnxTensor *tensor, const char *file, GError **error,
                            const char *what)
{
    g_autofree char *name = cnx_quote(tensor->name);

    g_set_error(error, CNX_ERROR, CNX_ERROR_UNSUPPORTED,
                "%s: tensor %s looks like the normalisation of the input, but %s", file, name,
                what);
    return FALSE;
}

static gboolean is_positive(const float *std)
{
    for (guint c = 0; c < 3; c++)
        if (!(std[c] > 0 && isfinite(std[c])))
            return FALSE;
    return TRUE;
}

/* Whether all values are of pixels from 0 to 255, or all of pixels from 0 to 1. */
static gboolean read_range(const float *mean, const float *std, gboolean *bytes)
{
    guint of_bytes = 0, of_units = 0;

    for (guint c = 0; c < 3; c++) {
        of_units += mean[c] >= 0 && mean[c] <= 1 && std[c] <= 1;
        of_bytes += (mean[c] == 0 || mean[c] > 1) && mean[c] <= BYTE_MAX && std[c] >= 1;
    }
    *bytes = of_units < 3;
    return of_units == 3 || of_bytes == 3;
}

static gboolean is_close(const float *a, const float *b)
{
    for (guint c = 0; c < 3; c++)
        if (!(fabsf(a[c] - b[c]) <= TOLERANCE))
            return FALSE;
    return TRUE;
}

/* Whether a config file leaves the normalisation to the network, or repeats it. */
static gboolean check_config(const CnxConfig *config, const float *mean, const float *std)
{
    static const float zeros[3] = {0, 0, 0}, ones[3] = {1, 1, 1};
    const CnxRecipe *recipe = &config->recipe;

    if (config->origin[CNX_ITEM_MEAN] == CNX_ORIGIN_LIBRARY &&
        config->origin[CNX_ITEM_STD] == CNX_ORIGIN_LIBRARY)
        return TRUE;
    return (is_close(recipe->mean, zeros) && is_close(recipe->std, ones)) ||
           (is_close(recipe->mean, mean) && is_close(recipe->std, std));
}

static gboolean set_recipe(const CnxNormalisation *self, CnxConfig *config, float *mean, float *std,
                           const char *file, GError **error)
{
    g_autofree char *name = cnx_quote(self->mean->name);

    if (!check_config(config, mean, std)) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_MISMATCH,
                    "%s: tensor %s normalises with mean %g %g %g, but %s with mean %g %g %g: "
                    "remove one of them",
                    file, name, (double)mean[0], (double)mean[1], (double)mean[2],
                    cnx_origin_name(config->origin[CNX_ITEM_MEAN]), (double)config->recipe.mean[0],
                    (double)config->recipe.mean[1], (double)config->recipe.mean[2]);
        return FALSE;
    }
    memcpy(config->recipe.mean, mean, sizeof config->recipe.mean);
    memcpy(config->recipe.std, std, sizeof config->recipe.std);
    config->origin[CNX_ITEM_MEAN] = config->origin[CNX_ITEM_STD] = CNX_ORIGIN_WEIGHTS;
    return TRUE;
}

/* The pair must differ in the last word only. */
static gboolean is_pair(const CnxNormalisation *self)
{
    g_autofree char *mean = find_stem(self->mean->name, "mean");
    g_autofree char *std = find_stem(self->std->name, "std");

    return !strcmp(mean, std);
}

gboolean cnx_normalisation_apply(const CnxNormalisation *self, CnxConfig *config, const char *file,
                                 GError **error)
{
    const CnxTensor *one = self->mean ? self->mean : self->std;
    float mean[3], std[3];
    gboolean bytes;

    if (!one)
        return TRUE;
    if (!self->mean || !self->std || !is_pair(self))
        return fail_values(one, file, error,
                           self->mean ? "has no std beside it" : "has no mean beside it");
    if (config->channels != 3)
        return fail_values(one, file, error, "the network takes grey images");
    cnx_tensor_to_float(self->mean, mean);
    cnx_tensor_to_float(self->std, std);
    if (!is_positive(std))
        return fail_values(self->std, file, error, "not all of its values are positive");
    if (!read_range(mean, std, &bytes))
        return fail_values(self->mean, file, error,
                           "its values fit neither pixels from 0 to 1 nor from 0 to 255");
    if (bytes != (config->recipe.rescale == 1.0) &&
        config->origin[CNX_ITEM_RESCALE] != CNX_ORIGIN_LIBRARY)
        return fail_values(self->mean, file, error,
                           "its values do not fit the rescale factor of the config");
    for (guint c = 0; c < 3 && bytes && config->recipe.rescale != 1.0; c++) {
        mean[c] /= BYTE_MAX;
        std[c] /= BYTE_MAX;
    }
    return set_recipe(self, config, mean, std, file, error);
}
