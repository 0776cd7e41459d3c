/* A checkpoint split into several files (shards). NAME.index.json maps each tensor to a file.
 *
 *   { "metadata": {...}, "weight_map": { tensor: name of a file in the same folder, ... } }
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/error.h"
#include "model/base/tensor.h"

typedef struct CnxShards CnxShards;

/* Whether path has the name of an index. */
gboolean cnx_shards_is_index(const char *path);

/* Reads an index. Errors: those of model/base/json.h, CNX_ERROR_NOT_FOUND, and CNX_ERROR_CORRUPT if
 * an entry is not the name of a file in the folder of the index. */
CnxShards *cnx_shards_read(const char *path, GError **error);
void cnx_shards_free(CnxShards *shards); /* NULL allowed */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CnxShards, cnx_shards_free)

/* NULL-terminated paths of the files, sorted by name, each once. */
char *const *cnx_shards_files(const CnxShards *shards);

/* Checks that tensors [count], sorted by name, contain every tensor of the index. file: of the
 * index, for messages. */
gboolean cnx_shards_check(const CnxShards *shards, const CnxTensor *tensors, gsize count,
                          const char *file, GError **error);
