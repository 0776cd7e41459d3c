/* preprocessor_config.json of transformers.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/config/config.h"

/* Reads the file into config's recipe. Absent keys get the defaults of the processor class that the
 * file names. Returns FALSE with json's error set. */
gboolean cnx_config_read_preprocessor(CnxConfig *config, const CnxJson *json);

/* Fails, with CNX_ERROR_UNSUPPORTED, if json names an image processor that is not known. */
gboolean cnx_config_check_processor(const CnxJson *json);
