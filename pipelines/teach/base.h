/* The base model: everything in front of its last linear layer, and the folders that it becomes
 * with another one.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <signal.h>

#include "model/export/export.h"

/* Writes the checkpoint with this head to folder, which must be empty or not exist: for
 * transformers, or else, if that library has no such network, for timm. FALSE with error. */
gboolean teach_base_write(const CnxCheckpoint *checkpoint, const CnxExportHead *head,
                          const char *folder, const volatile sig_atomic_t *stop, GError **error);

/* The hash of what determines an embedding: all tensors in front of the last linear layer of a
 * folder that teach_base_write() wrote, and how the picture becomes its input. Free with g_free.
 * NULL with error. */
char *teach_base_identity(const char *folder, GError **error);

/* The name of the licence in the model card beside the checkpoint (its key "license"), "" if there
 * is none. Free with g_free. */
char *teach_base_licence(const char *path);
