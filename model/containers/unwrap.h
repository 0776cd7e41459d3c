/* Finds the state dict in a pickled checkpoint, inside the wrappers that training tools add.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/containers/container.h"
#include "model/containers/pickle.h"

/* Sets storage->data to the bytes of the whole storage [elements * item]. FALSE with error if the
 * file lacks them. */
typedef gboolean (*CnxStorageFinder)(CnxPyStorage *storage, gpointer user_data, GError **error);

/* Adds the tensors of the pickle's state dict to container and sets its weight set and key. pickle
 * may be freed afterwards. Errors: CNX_ERROR_NOT_CONVNEXT if the pickle has no state dict; the
 * message describes its contents. */
gboolean cnx_unwrap(CnxContainer *container, const CnxPickle *pickle, CnxStorageFinder find,
                    gpointer user_data, const char *file, GError **error);
