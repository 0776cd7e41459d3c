/* Finds the state dict in a pickled checkpoint, inside the wrappers that training tools add.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/containers/pickle.h"
#include "model/containers/state_dict.h"

/* Adds the tensors of the pickle's state dict to container and sets its weight set and key. pickle
 * may be freed afterwards. Errors: CNX_ERROR_NOT_CONVNEXT if the pickle has no state dict; the
 * message describes its contents. */
gboolean cnx_unwrap(CnxContainer *container, const CnxPickle *pickle, CnxStorageFinder find,
                    gpointer user_data, const char *file, GError **error);
