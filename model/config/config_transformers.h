/* config.json as transformers' ConvNextConfig, ConvNextV2Config and DINOv3ConvNextConfig write it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/config/config.h"

/* Sets in config what the file says, and fails if it contradicts the weights, whose numbers config
 * already has. Returns FALSE with json's error set. */
gboolean cnx_config_read_transformers(CnxConfig *config, const CnxJson *json);
