/* A checkpoint file of any format, as tensors: names, dtypes, shapes, strides, and pointers into a
 * read-only mapping.
 *
 * Formats: safetensors (model/containers/safetensors.h), PyTorch's zip files and its older files
 * (model/containers/torch_zip.h, model/containers/torch_legacy.h), and either in several files with
 * an index (model/containers/shards.h). A new one is a CnxFormat, and a row in container.c.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/error.h"
#include "model/config/config.h"
#include "model/containers/strings.h"

typedef struct CnxContainer CnxContainer;

/* path: a file. Errors: CNX_ERROR_NOT_FOUND, _UNREADABLE, _CORRUPT, _OUT_OF_MEMORY; _NOT_CONVNEXT
 * for a file of an unknown format, or one without a state dict; _UNSUPPORTED; _SETTINGS where the
 * weights asked for are not there. */
CnxContainer *cnx_container_open(const char *path, CnxWeightSet wanted, GError **error);

/* The same for a file that is in memory, where it stays as long as the container is open. file: for
 * messages. */
CnxContainer *cnx_container_open_bytes(const guint8 *bytes, gsize size, CnxWeightSet wanted,
                                       const char *file, GError **error);

void cnx_container_close(CnxContainer *container); /* NULL allowed; the tensors die with it */

/* [count], in the order of strcmp of their names, all different. Owned by container. */
const CnxTensor *cnx_container_tensors(const CnxContainer *container, guint *count);

/* "safetensors", "PyTorch zip", "PyTorch legacy"; static. */
const char *cnx_container_format(const CnxContainer *container);

/* The paths of the files that hold the weights, then NULL; an index of shards is none of them. */
const char *const *cnx_container_files(const CnxContainer *container);

/* Which of two sets of weights it was; AUTO: the file has one. */
CnxWeightSet cnx_container_weight_set(const CnxContainer *container);

/* Where the weights lie within the file: "model", "state_dict_ema", "" for the whole of it. */
const char *cnx_container_weights_key(const CnxContainer *container);

/* For the formats */

typedef struct CnxFormat {
    const char *name;
    gboolean (*probe)(const guint8 *bytes, gsize size);
    /* Hands over tensors, below. bytes lives as long as the container; file is for messages. */
    gboolean (*read)(CnxContainer *container, const guint8 *bytes, gsize size, const char *file,
                     GError **error);
} CnxFormat;

/* Of a container that is being read: for names, and for whatever tensors point to that is not in
 * the mapping. */
CnxStrings *cnx_container_pool(CnxContainer *container);
CnxWeightSet cnx_container_wanted(const CnxContainer *container);

/* Adds a copy of tensor, whose name and data live as long as the container. FALSE with error
 * (CNX_ERROR_OUT_OF_MEMORY, or _NOT_CONVNEXT for more tensors than any network has). */
gboolean cnx_container_add(CnxContainer *container, const CnxTensor *tensor, const char *file,
                           GError **error);

/* key: copied. */
void cnx_container_set_weights(CnxContainer *container, CnxWeightSet set, const char *key);
