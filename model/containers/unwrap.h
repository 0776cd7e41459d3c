/* The state dict in a pickled checkpoint, under whatever wrappers training tools put around it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/containers/container.h"
#include "model/containers/pickle.h"

/* Sets storage->data to the bytes of the whole storage: elements * item of them are there, or else
 * FALSE with error. */
typedef gboolean (*CnxStorageFinder)(CnxPyStorage *storage, gpointer user_data, GError **error);

/* Adds the tensors of the pickle's state dict to container, and says which of its sets of weights
 * they are. pickle may be freed afterwards. Errors: CNX_ERROR_NOT_CONVNEXT when there is no state
 * dict, with what there is instead. */
gboolean cnx_unwrap(CnxContainer *container, const CnxPickle *pickle, CnxStorageFinder find,
                    gpointer user_data, const char *file, GError **error);
