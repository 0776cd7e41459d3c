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
 * that thread loads the same model. Errors: domain CNX_ERROR. */
CnxModel *cnx_model_open(const char *path, CnxWeightSet weight_set, GError **error);

/* Decides whether a model may be used, from its config and the bytes of its packed weights. FALSE
 * with error refuses it. */
typedef gboolean CnxModelCheckFn(const CnxConfig *config, gsize weights, gpointer user_data,
                                 GError **error);

/* The same for callers that know more about the checkpoint, if check, which may be NULL, allows the
 * model. It is called before the weights are allocated, or for the model that the process holds. */
CnxModel *cnx_model_open_with(const char *path, const CnxOpenOptions *options,
                              CnxModelCheckFn *check, gpointer user_data, GError **error);

/* What tells models apart: the isa level, the precision, the options, and path, size and time of
 * every file that is read. For things that are read from the same files and shared in the same way
 * (model/base/shared.h). NULL if path does not resolve. Free with g_free. */
char *cnx_model_key(const char *path, const CnxOpenOptions *options);

CnxModel *cnx_model_ref(CnxModel *model);
void cnx_model_unref(CnxModel *model); /* NULL allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CnxModel, cnx_model_unref)

const CnxConfig *cnx_model_config(const CnxModel *model);

/* Bytes of packed weights. */
gsize cnx_model_memory(const CnxModel *model);

/* Sets *form to the form of the products that runs in this process if this precision is requested.
 * FALSE with error if CONVNEXT_CPU holds an unknown word. */
gboolean cnx_model_find_form(CnxPrecision requested, CnxForm *form, GError **error);

/* The form of the products, which shows the precision that runs, see cnx_form_precision(). */
CnxForm cnx_model_form(const CnxModel *model);

/* The isa level that the weights are packed for: "c", "avx2", ... */
const char *cnx_model_isa(const CnxModel *model);
