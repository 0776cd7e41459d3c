/* What holds where no config file says otherwise.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/config.h"

#define CNX_CROP_PCT 0.875 /* every library's default */

/* Sets recipe to the evaluation transform of the library that named the tensors. Reads dialect and
 * variant. */
void cnx_config_set_defaults(CnxConfig *config);

/* Inputs of `size` by the rule that facebookresearch and transformers share: below 384 the short
 * side to size / crop_pct, then the centre; from 384 on both sides to size. */
void cnx_recipe_set_convnext(CnxRecipe *recipe, guint size, double crop_pct);
