/* The config files next to the weights.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/config/config.h"

/* Reads the files that exist in folder into config: config.json and preprocessor_config.json, or
 * open_clip_config.json for an open_clip checkpoint, and labels.txt. config already describes the
 * weights (model/config/variant.h) and has the default recipe of their library.
 * strict: a file that contradicts the weights or describes another network is an error
 *   (CNX_ERROR_MISMATCH, _NOT_CONVNEXT). Otherwise the file is ignored (a config.json together
 *   with its preprocessor_config.json), and config->ignored names it.
 * budget: pays for the config files' values. */
gboolean cnx_config_load(CnxConfig *config, const char *folder, gboolean strict, CnxBudget *budget,
                         GError **error);
