/* config.json as transformers' ConvNextConfig, ConvNextV2Config and DINOv3ConvNextConfig write it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/config/config.h"

/* Reads the file into config, which already describes the weights. Returns FALSE with json's error
 * set if the file is invalid or contradicts the weights. */
gboolean cnx_config_read_transformers(CnxConfig *config, const CnxJson *json);
