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

/* Reads what tensors do not show of the network called name, the value of json's key: its
 * activation, eps, norms and dilation, with the arguments that its constructor was called with. */
gboolean cnx_config_read_timm_network(CnxConfig *config, const CnxJson *json, const char *key,
                                      const char *name, const CnxJson *args);

/* Dilates the stages for an output stride of 8, 16 or 32, the value of the key, or fallback without
 * such a key. */
gboolean cnx_config_read_output_stride(CnxConfig *config, const CnxJson *json, const char *key,
                                       guint fallback);
