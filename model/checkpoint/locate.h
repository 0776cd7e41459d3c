/* Which files of a folder are read.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/error.h"

/* The file of the weights: path itself, or, where that is one of several shards, their index,
 * unless it is a folder. There it is the first of the names under which libraries save them
 * (model.safetensors, its index of shards, pytorch_model.bin, ...), or the only checkpoint. Free
 * with g_free. */
char *cnx_locate_weights(const char *path, GError **error);

/* Every file that opening path looks for, whether it is there or not: weights, shards, configs,
 * labels. Then NULL; free with g_strfreev. */
char **cnx_locate_files(const char *path);
