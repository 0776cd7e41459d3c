/* A ConvNeXt that is ready to run: packed weights, immutable and reference counted.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/error.h"
#include "model/config/config.h"

typedef struct CnxModel CnxModel;

/* Loads and packs the checkpoint at path. If this process already holds the model, returns a new
 * reference to it. Two models are the same if every file they are read from has the same resolved
 * path, size and modification time. weight_set selects one of two sets of weights in the file.
 *
 * The file is unmapped when this returns. Thread safe: a call waits for another thread only while
 * that loads the same model. Errors: domain CNX_ERROR. */
CnxModel *cnx_model_open(const char *path, CnxWeightSet weight_set, GError **error);

CnxModel *cnx_model_ref(CnxModel *model);
void cnx_model_unref(CnxModel *model); /* NULL allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CnxModel, cnx_model_unref)

const CnxConfig *cnx_model_config(const CnxModel *model);

/* Bytes of packed weights. */
gsize cnx_model_memory(const CnxModel *model);

/* The isa level that the weights are packed for: "c", "avx2", ... */
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
