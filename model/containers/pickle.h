/* Reads Python pickles as data: nothing is imported, called or executed.
 *
 * The reader runs the opcodes on a stack and a memo (model/containers/pickle_machine.h) and builds
 * a graph of values (model/containers/pickle_values.h). It evaluates only those calls that make up
 * a PyTorch state dict (model/containers/torch.h); any other class, function or object becomes a
 * CNX_PY_OBJECT with its name and arguments.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/error.h"
#include "model/containers/pickle_values.h"

typedef struct CnxPickle {
    CnxStrings *strings; /* memory of the whole pickle */
    CnxPy *top;          /* the pickled value */
    CnxPyStorage *storages;
    gsize size; /* bytes of the pickle in the file */
} CnxPickle;

/* Reads the pickle at the start of bytes [size], which must outlive it. file: for messages. budget
 * pays for stack, marks, memo and values; it must outlive the pickle. Returns NULL and sets error:
 * CNX_ERROR_CORRUPT, _UNSUPPORTED, _OUT_OF_MEMORY. */
CnxPickle *cnx_pickle_read(const guint8 *bytes, gsize size, CnxBudget *budget, const char *file,
                           GError **error);
void cnx_pickle_free(CnxPickle *pickle); /* NULL allowed */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CnxPickle, cnx_pickle_free)
