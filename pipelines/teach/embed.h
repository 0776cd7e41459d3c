/* Embeddings of pictures, by the element convnext as in any pipeline.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <signal.h>

#include "pipelines/teach/pictures.h"

typedef struct TeachEmbedder TeachEmbedder;

/* folder: of the model. NULL with error if the element refuses it or is not installed. */
TeachEmbedder *teach_embedder_new(const char *folder, GError **error);
void teach_embedder_free(TeachEmbedder *embedder); /* NULL allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TeachEmbedder, teach_embedder_free)

/* Sets the embedding of each picture that has none, of width numbers, and counts them in *count.
 * Prints a line for each picture that cannot be read, which stays without. JPEG is turned as its
 * EXIF says. FALSE with error if an embedding is not finite or has another width, if a decoder is
 * not installed, or once *stop is not 0. */
gboolean teach_embedder_run(TeachEmbedder *embedder, TeachSet *set, guint width, guint *count,
                            const volatile sig_atomic_t *stop, GError **error);

/* The folder of the bundled model. Free with g_free. NULL with error if convnext is not installed.
 */
char *teach_bundled_model(GError **error);
