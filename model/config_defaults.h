/* What holds where no config file says otherwise.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/config.h"

#define CNX_CROP_PCT 0.875 /* every library's default */

#define CNX_INPUT_MAX 16384u /* side of an input that a config may ask for, pixels */

/* CLIP's normalisation. */
extern const float cnx_clip_mean[3], cnx_clip_std[3];

/* Sets recipe to the library's evaluation transform for that variant. */
void cnx_recipe_set_defaults(CnxRecipe *recipe, CnxDialect dialect, const char *variant);

/* Inputs of `size` by the rule that facebookresearch and transformers share: below 384 the short
 * side to size / crop_pct, then the centre; from 384 on both sides to size. */
void cnx_recipe_set_convnext(CnxRecipe *recipe, guint size, double crop_pct);
