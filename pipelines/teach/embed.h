/* Embeddings of pictures, by the element convnext as in any pipeline.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <signal.h>

#include "pipelines/teach/pictures.h"

/* Sets the embedding of each picture that has none, of width numbers, by the model in folder, and
 * counts them in *count. Prints a line for each picture that cannot be read, which stays without.
 * FALSE with error if the element refuses the model or is not installed, if an embedding is not
 * finite or has another width, if a decoder is not installed, or once *stop is not 0. */
gboolean teach_embed(const char *folder, TeachSet *set, guint width, guint *count,
                     const volatile sig_atomic_t *stop, GError **error);

/* The folder of the bundled model. Free with g_free. NULL with error if convnext is not installed.
 */
char *teach_bundled_model(GError **error);
