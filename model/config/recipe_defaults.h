/* Each library's default input recipe, used for values that no config file sets.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/config/config.h"

/* CLIP's normalisation. */
#define CNX_CLIP_MEAN 0.48145466f, 0.4578275f, 0.40821073f
#define CNX_CLIP_STD 0.26862954f, 0.26130258f, 0.27577711f

/* Sets recipe to the library's evaluation transform for the variant; grey is unchanged. */
void cnx_recipe_set_defaults(CnxRecipe *recipe, CnxDialect dialect, const char *variant);

/* Sets size by the rule that facebookresearch and transformers share. Below 384: resize the short
 * side to size / crop_pct, then crop the centre; from 384 on: resize both sides to size. */
void cnx_recipe_set_convnext(CnxRecipe *recipe, guint size, double crop_pct);
