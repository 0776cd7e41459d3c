/* What holds where no config file says otherwise.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/config/config.h"

#define CNX_CROP_PCT 0.875 /* every library's default */

#define CNX_INPUT_MAX 16384u /* side of an input that a config may ask for, pixels */

/* CLIP's normalisation. */
#define CNX_CLIP_MEAN 0.48145466f, 0.4578275f, 0.40821073f
#define CNX_CLIP_STD 0.26862954f, 0.26130258f, 0.27577711f

/* Sets recipe to the library's evaluation transform for that variant; grey stays as it is. */
void cnx_recipe_set_defaults(CnxRecipe *recipe, CnxDialect dialect, const char *variant);

/* Inputs of `size` by the rule that facebookresearch and transformers share: below 384 the short
 * side to size / crop_pct, then the centre; from 384 on both sides to size. */
void cnx_recipe_set_convnext(CnxRecipe *recipe, guint size, double crop_pct);
