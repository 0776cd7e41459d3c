/* A ConvNeXt ready to run: packed weights, immutable, shared by reference.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/error.h"
#include "model/config/config.h"

typedef struct CnxModel CnxModel;

/* Loads and packs the checkpoint at path, or returns a new reference to the same file's model that
 * this process already holds (same path after symbolic links, size and modification time of each
 * file that is read). wanted: which of two sets of weights is meant, where the file has two.
 * The file is unmapped when this returns. Thread safe: who opens what another thread is loading
 * waits for that, and for no other. Errors: domain CNX_ERROR. */
CnxModel *cnx_model_open(const char *path, CnxWeightSet wanted, GError **error);

CnxModel *cnx_model_ref(CnxModel *model);
void cnx_model_unref(CnxModel *model); /* NULL allowed */

const CnxConfig *cnx_model_config(const CnxModel *model);

/* Bytes of packed weights. */
gsize cnx_model_memory(const CnxModel *model);

/* "c", "avx2", ...: the level of the kernels it was packed for. */
const char *cnx_model_isa(const CnxModel *model);

/* Reads labels from a text file, one a line, UTF-8, CR LF allowed, the last newline optional, an
 * empty line elsewhere is an error. count must be the model's number of classes, or else the error
 * is CNX_ERROR_MISMATCH. Returns a NULL terminated array (g_strfreev) or NULL with error. */
char **cnx_labels_read(const char *path, guint count, GError **error);

/* The same for the contents of a file, text [size]. file: for messages. */
char **cnx_labels_parse(const char *text, gsize size, guint count, const char *file,
                        GError **error);

/* ImageNet's names by index, for as many classes as one of its sets has (1000, 11821, 21841), from
 * the lists that pipelines/imagenet-labels.sh puts into the user's data folder, or somebody into
 * the system's. NULL without error where there is none. Free with g_strfreev. */
char **cnx_labels_imagenet(guint count, GError **error);

/* Every file that this may read, whether it is there or not. Then NULL; free with g_strfreev. */
char **cnx_labels_imagenet_files(void);
