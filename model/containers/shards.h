/* A checkpoint in several files: NAME.index.json says which tensor is in which file.
 *
 *   { "metadata": {...}, "weight_map": { tensor: file in the same folder, ... } }
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/error.h"
#include "model/base/tensor.h"

typedef struct CnxShards CnxShards;

gboolean cnx_shards_is_index(const char *path); /* by its name */

/* Reads the index. Errors: those of model/base/json.h, CNX_ERROR_NOT_FOUND, and CNX_ERROR_CORRUPT
 * for what names no files in its own folder. */
CnxShards *cnx_shards_read(const char *path, GError **error);
void cnx_shards_free(CnxShards *shards); /* NULL allowed */

/* Paths of the files, each once, in the order of their names; then NULL. */
char *const *cnx_shards_files(const CnxShards *shards);

/* Every tensor of the index is there. tensors: [count], in the order of their names. */
gboolean cnx_shards_check(const CnxShards *shards, const CnxTensor *tensors, gsize count,
                          const char *file, GError **error);
