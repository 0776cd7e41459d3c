/* Which file of a folder holds the weights.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/error.h"

/* path itself, unless it is a folder: then model.safetensors in it, or the only *.safetensors.
 * Free with g_free. */
char *cnx_locate_weights(const char *path, GError **error);
