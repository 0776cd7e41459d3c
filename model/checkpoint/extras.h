/* Tensors of a checkpoint that no table of names has: ignores the harmless ones and refuses the
 * others, which could be part of the forward pass.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/checkpoint/checkpoint.h"
#include "model/checkpoint/normalisation.h"
#include "model/dialect/names.h"

typedef struct CnxExtras {
    CnxPart *parts; /* [count], all tensors of the file */
    guint count;
    const CnxNaming *naming;
    const char *file;
} CnxExtras;

/* Sets the reason of each tensor without a canonical name that may be ignored, and collects the
 * normalisation. Returns FALSE with error CNX_ERROR_UNSUPPORTED if another one belongs to a known
 * tool, such as an adapter. */
gboolean cnx_extras_sort(const CnxExtras *extras, CnxNormalisation *normalisation, GError **error);

/* Fails with CNX_ERROR_UNSUPPORTED if a tensor has neither a canonical name nor a reason. */
gboolean cnx_extras_check(const CnxExtras *extras, GError **error);
