/* The file that keeps what a baseline has learnt:
 *
 * offset  bytes  content
 * 0       8      "cnxbase1": the format and its version
 * 8       32     identity
 * 40      4      size of an embedding
 * 44      4      number of scenes, 1 to WATCH_SCENES
 * 48      8      seconds watched
 * 56             for each scene: darkest, brightest, limit (8 bytes each), mean, axes (4 bytes
 * each) end-32  32     SHA-256 of all that precedes
 *
 * Numbers are little-endian, with floats of IEEE 754.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pipelines/watch/baseline/baseline.h"

#define WATCH_IDENTITY 32 /* bytes */

/* identity: of the model, and of all that changes an embedding. */
GBytes *watch_store_pack(const WatchScenes *scenes, const guint8 *identity);

/* FALSE with a sentence if the bytes are not what watch_store_pack() writes for this identity.
 * scenes must be empty. */
gboolean watch_store_unpack(WatchScenes *scenes, GBytes *bytes, const guint8 *identity,
                            GError **error);

/* A file that does not exist gives scenes without a size. FALSE with a sentence that names the file
 * if it cannot be read or is refused. */
gboolean watch_store_read(WatchScenes *scenes, const char *path, const guint8 *identity,
                          GError **error);

/* Replaces the file at once: a reader, or a crash, sees the old one or the new one. */
gboolean watch_store_write(GBytes *bytes, const char *path, GError **error);
