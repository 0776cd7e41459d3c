/* Which ConvNeXt a checkpoint holds, from the names and shapes of its tensors.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/error.h"
#include "model/config/config.h"
#include "model/dialect/names.h"

/* tensors: canonical name (char *) -> const CnxTensor *. config: from cnx_config_new.
 * Sets all that is about the network itself, and of what no tensor shows (act, eps, head_eps, which
 * norm without bias) what the library does for this variant. The shapes that it does not read (all
 * but one or two a stage) are for the caller to check.
 * Errors: CNX_ERROR_NOT_CONVNEXT, CNX_ERROR_UNSUPPORTED. */
gboolean cnx_architecture_detect(GHashTable *tensors, const CnxNaming *naming, const char *file,
                                 CnxConfig *config, GError **error);
