/* open_clip_config.json, which open_clip writes next to a CLIP's weights.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/config/config.h"

/* Reads the file into config, which already describes the weights. Returns FALSE with json's error
 * set if the file is invalid or contradicts the weights. */
gboolean cnx_config_read_open_clip(CnxConfig *config, const CnxJson *json);
