/* preprocessor_config.json of transformers.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/config/config.h"

/* Sets in config what the file says, and otherwise what its kind of processor does by default.
 * Returns FALSE with json's error set. */
gboolean cnx_config_read_preprocessor(CnxConfig *config, const CnxJson *json);
