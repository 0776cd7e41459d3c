/* A checkpoint file of any format as a list of tensors: name, dtype, shape, strides, and a pointer
 * into a read-only mapping.
 *
 * Formats: safetensors (model/containers/safetensors.h), PyTorch zip archives
 * (model/containers/torch_zip.h), PyTorch legacy files (model/containers/torch_legacy.h), and any
 * of them split into shards with an index (model/containers/shards.h). A new format is a CnxFormat
 * and a row in container.c.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/error.h"
#include "model/config/config.h"
#include "model/containers/dataset.h"
#include "model/containers/strings.h"

typedef struct CnxContainer CnxContainer;

/* path: a file, or the index of shards. requested_set: which weights to read from a file with raw
 * and averaged ones. Errors: CNX_ERROR_NOT_FOUND, _UNREADABLE, _CORRUPT, _UNSUPPORTED,
 * _OUT_OF_MEMORY; _NOT_CONVNEXT for an unknown format or a file without a state dict; _SETTINGS if
 * the file lacks the requested set of weights. */
CnxContainer *cnx_container_open(const char *path, CnxWeightSet requested_set, GError **error);

/* The same for a file in memory, which must outlive the container. file: name for messages. */
CnxContainer *cnx_container_open_bytes(const guint8 *bytes, gsize size, CnxWeightSet requested_set,
                                       const char *file, GError **error);

/* Also unmaps the tensors; NULL allowed. */
void cnx_container_close(CnxContainer *container);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CnxContainer, cnx_container_close)

/* [count], sorted by name with strcmp, without duplicates. Owned by container. */
const CnxTensor *cnx_container_tensors(const CnxContainer *container, guint *count);

/* "safetensors", "PyTorch zip" or "PyTorch legacy"; static. */
const char *cnx_container_format(const CnxContainer *container);

/* Bytes of all files, not counting an index of shards. */
gsize cnx_container_size(const CnxContainer *container);

/* The same, and what zip archives inflate to. */
gsize cnx_container_data_size(const CnxContainer *container);

/* NULL-terminated paths of the files that hold the weights. An index of shards is not included. */
const char *const *cnx_container_files(const CnxContainer *container);

/* Lets the system take back the memory of what was read from the files; reading it again costs time
 * only. */
void cnx_container_release_pages(const CnxContainer *container);

/* The set of weights that was read; AUTO if the file has only one. */
CnxWeightSet cnx_container_weight_set(const CnxContainer *container);

/* Path of the weights within the file: "model", "state_dict_ema", or "" for the top level. */
const char *cnx_container_weights_key(const CnxContainer *container);

/* The classes that the file names; empty if it names none. */
const CnxDataset *cnx_container_dataset(const CnxContainer *container);

/* Interface of the formats */

typedef struct CnxFormat {
    const char *name;
    gboolean (*probe)(const guint8 *bytes, gsize size);
    /* Calls cnx_container_add for each tensor. bytes outlive the container. */
    gboolean (*read)(CnxContainer *container, const guint8 *bytes, gsize size, const char *file,
                     GError **error);
} CnxFormat;

/* The largest ConvNeXt has 380 tensors, its training checkpoint a few thousand. */
#define CNX_TENSORS_MAX 32768

/* Sets error to CNX_ERROR_NOT_CONVNEXT for more than CNX_TENSORS_MAX tensors; returns FALSE. */
gboolean cnx_container_fail_count(const char *file, GError **error);

/* What the readers of a container may allocate. */
CnxBudget *cnx_container_budget(CnxContainer *container);

/* Memory for bytes that the file has compressed; NULL when the budget or memory runs out. */
guint8 *cnx_container_take_data(CnxContainer *container, gsize bytes);

/* Memory that lives as long as the container, for names and for data outside the mapping. */
CnxStrings *cnx_container_strings(CnxContainer *container);
CnxWeightSet cnx_container_requested_set(const CnxContainer *container);

/* Adds a copy of tensor, whose name and data must outlive the container. FALSE with error:
 * CNX_ERROR_OUT_OF_MEMORY, or _NOT_CONVNEXT for more tensors than any network has. */
gboolean cnx_container_add(CnxContainer *container, const CnxTensor *tensor, const char *file,
                           GError **error);

/* Sets what cnx_container_dataset returns; takes its members. */
void cnx_container_set_dataset(CnxContainer *container, CnxDataset dataset);

/* Sets what cnx_container_weight_set and cnx_container_weights_key return; copies key. */
void cnx_container_set_weights(CnxContainer *container, CnxWeightSet set, const char *key);
