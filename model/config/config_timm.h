/* config.json as timm writes it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/config/config.h"

/* Reads the file into config, which already describes the weights. Returns FALSE with json's error
 * set if the file is invalid or contradicts the weights. */
gboolean cnx_config_read_timm(CnxConfig *config, const CnxJson *json);

/* Reads the recipe alone from cfg, a "pretrained_cfg". */
gboolean cnx_config_read_timm_recipe(CnxConfig *config, const CnxJson *cfg);
