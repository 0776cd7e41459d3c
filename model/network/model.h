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
