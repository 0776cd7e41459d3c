/* Input normalisation that a checkpoint keeps in its tensors: mean and std buffers.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/error.h"
#include "model/config/config.h"
#include "model/dialect/names.h"

typedef struct CnxNormalisation {
    const CnxTensor *mean, *std; /* NULL: the file has none */
} CnxNormalisation;

/* Keeps the tensor if its name and shape are those of a mean or std of RGB images, outside the body
 * of the network. FALSE if they are not, or if there is one already. */
gboolean cnx_normalisation_add(CnxNormalisation *self, const CnxNaming *naming,
                               const CnxTensor *tensor);

/* Puts the values into the recipe of config, which the config files have set already. FALSE with
 * error: CNX_ERROR_UNSUPPORTED for a mean without a std, or unclear values; CNX_ERROR_MISMATCH if a
 * config file normalises with other values. */
gboolean cnx_normalisation_apply(const CnxNormalisation *self, CnxConfig *config, const char *file,
                                 GError **error);
