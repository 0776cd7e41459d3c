/* Finds the files of a checkpoint.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/error.h"

/* The file with the weights. If path is a file: path itself, or the index if path is one of several
 * shards. If it is a folder: the first of the names under which libraries save weights
 * (model.safetensors, its index of shards, pytorch_model.bin, ...), or else the only checkpoint in
 * it. Free with g_free. */
char *cnx_locate_weights(const char *path, GError **error);

/* All files that opening path depends on, existing or not: weights, shards, configs, labels.
 * NULL-terminated; free with g_strfreev. */
char **cnx_locate_files(const char *path);
