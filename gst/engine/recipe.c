/* How the properties change a model's recipe.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/engine/kind.h"

#define TYPICAL_WIDTH 1920
#define TYPICAL_HEIGHT 1080

static gboolean keeps_shape(const CnxRecipe *recipe)
{
    return recipe->crop == CNX_CROP_NONE || recipe->crop == CNX_CROP_FIT;
}

static gboolean set_sides(CnxRecipe *recipe, const GstConvnextEngineSettings *settings,
                          GError **error)
{
    const guint own_width = recipe->width ? recipe->width : recipe->size;
    const guint own_height = recipe->width ? recipe->height : recipe->size;

    if (recipe->crop == CNX_CROP_NONE) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                    "with crop=none the input keeps the shape of the frame, so input-width and "
                    "input-height need another crop");
        return FALSE;
    }
    cnx_recipe_set_sides(recipe, settings->input_width ? settings->input_width : own_width,
                         settings->input_height ? settings->input_height : own_height);
    return TRUE;
}

gboolean gst_convnext_engine_make_recipe(GstConvnextEngine *self, const CnxRecipe *own,
                                         const GstConvnextEngineSettings *settings, GError **error)
{
    static const CnxCrop crops[] = {
        [GST_CONVNEXT_CROP_CENTER] = CNX_CROP_CENTER, [GST_CONVNEXT_CROP_SQUASH] = CNX_CROP_SQUASH,
        [GST_CONVNEXT_CROP_BORDER] = CNX_CROP_BORDER, [GST_CONVNEXT_CROP_NONE] = CNX_CROP_NONE,
        [GST_CONVNEXT_CROP_FIT] = CNX_CROP_FIT,
    };
    const gboolean has_sides = settings->input_width > 0 || settings->input_height > 0;

    self->recipe = *own;
    self->size_is_set = settings->input_size > 0 || has_sides;
    self->crop_is_set = settings->crop != GST_CONVNEXT_CROP_AUTO;
    if (self->crop_is_set)
        cnx_recipe_set_crop(&self->recipe, crops[settings->crop]);
    if (settings->input_size > 0)
        cnx_recipe_set_size(&self->recipe, settings->input_size);
    if (has_sides && !set_sides(&self->recipe, settings, error))
        return FALSE;
    if (self->region != GST_CONVNEXT_REGION_OBJECTS || !keeps_shape(&self->recipe))
        return TRUE;
    g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                "region=objects needs inputs of one shape, so crop must not be %s",
                cnx_crop_name(self->recipe.crop));
    return FALSE;
}

GstConvnextSizes gst_convnext_engine_typical_sizes(const GstConvnextEngine *self)
{
    const CnxRecipe *recipe = &self->recipe;
    const CnxImageInfo video = {.width = TYPICAL_WIDTH,
                                .height = TYPICAL_HEIGHT,
                                .w = TYPICAL_WIDTH,
                                .h = TYPICAL_HEIGHT,
                                .par_n = 1,
                                .par_d = 1};
    CnxPreprocessSize measured = {
        .view = {.w = TYPICAL_WIDTH, .h = TYPICAL_HEIGHT}}; /* of an input without padding */

    cnx_recipe_input(recipe, &measured.view.width, &measured.view.height);
    measured.view.content_w = measured.view.width;
    measured.view.content_h = measured.view.height;
    if (recipe->crop != CNX_CROP_NONE) /* its memory is that of a square frame */
        cnx_preprocess_measure(recipe, &video, &measured, NULL);
    return (GstConvnextSizes){
        .view = gst_convnext_view_of(&measured.view, GST_CONVNEXT_ORIENTATION_IDENTITY),
        .preprocessing = cnx_need_preprocessing(recipe),
        .frame_width = TYPICAL_WIDTH,
        .frame_height = TYPICAL_HEIGHT,
    };
}
