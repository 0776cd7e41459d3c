/* Which ConvNeXt a checkpoint holds, from the names and shapes of its tensors.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/config.h"
#include "model/dialect/names.h"
#include "model/error.h"

/* tensors: canonical name (char *) -> const CnxTensor *.
 * Sets config's variant, dialect, depths, dims, classes, hidden, layer_scale, grn, head_norm_first,
 * final_norm, and what the shapes suggest for act, eps and head_eps. The shapes that it does not
 * read (all but one or two a stage) are for the caller to check.
 * Errors: CNX_ERROR_NOT_CONVNEXT, CNX_ERROR_UNSUPPORTED. */
gboolean cnx_variant_infer(GHashTable *tensors, const CnxNaming *naming, const char *file,
                           CnxConfig *config, GError **error);

/* The published numbers of a named variant ("convnext_tiny", "convnext_tiny_hnf.a2h_in1k", ...);
 * FALSE when the name is none of them. */
gboolean cnx_variant_lookup(const char *name, guint depths[CNX_STAGES], guint dims[CNX_STAGES]);
