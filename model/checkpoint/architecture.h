/* Detects the architecture of a checkpoint from the names and shapes of its tensors.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/error.h"
#include "model/config/config.h"
#include "model/dialect/names.h"

/* tensors: canonical name (char *) -> const CnxTensor *. config: from cnx_config_new. Sets the
 * members of config that describe the network, except for its head (model/checkpoint/head.h), which
 * must be set already. Those that tensors do not show (act, eps, head_eps, kind of norms without
 * bias) get the library's values for the variant. Only one or two shapes per stage are read; the
 * caller checks all others. Errors: CNX_ERROR_NOT_CONVNEXT, CNX_ERROR_UNSUPPORTED. */
gboolean cnx_architecture_detect(GHashTable *tensors, const CnxNaming *naming, const char *file,
                                 CnxConfig *config, GError **error);
