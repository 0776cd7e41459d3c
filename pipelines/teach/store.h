/* What a run leaves for the next one: embeddings.npy, [pictures, width] float32, and pictures.tsv,
 * with a line for each of its rows:
 *
 *     # identity <tab> IDENTITY
 *     # base <tab> NAME
 *     # licence <tab> LICENCE
 *     path <tab> class <tab> SHA-256
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pipelines/teach/pictures.h"

#define TEACH_EMBEDDINGS "embeddings.npy"
#define TEACH_PICTURES "pictures.tsv"

/* The model that the embeddings are of */
typedef struct TeachOrigin {
    char *identity; /* hash of everything in front of its last linear layer */
    char *base;     /* name of the base model, one line */
    char *licence;  /* of the base model, one line; "" if it is not known */
} TeachOrigin;

void teach_origin_clear(TeachOrigin *origin);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TeachOrigin, teach_origin_clear)

/* Every picture has an embedding of width numbers. FALSE with error if folder cannot be written. */
gboolean teach_store_write(const char *folder, const TeachSet *set, guint width,
                           const TeachOrigin *origin, GError **error);

/* Adds the pictures of an earlier run to an empty set. FALSE with error if the files are missing,
 * damaged, or do not belong together. */
gboolean teach_store_read(const char *folder, TeachSet *set, guint *width, TeachOrigin *origin,
                          GError **error);
