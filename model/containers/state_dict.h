/* Adds the tensors of a pickled state dict to a container.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/containers/container.h"
#include "model/containers/pickle_values.h"

#define CNX_STATE_NAME_MAX 1024 /* bytes of a tensor's name or of a wrapper's key */

/* Sets storage->data to the bytes of the whole storage [elements * item]. FALSE with error if the
 * file lacks them. */
typedef gboolean (*CnxStorageFinder)(CnxPyStorage *storage, gpointer user_data, GError **error);

typedef struct CnxStateDict {
    CnxContainer *container;
    CnxStorageFinder find;
    gpointer user_data; /* of find */
    const char *file;   /* for messages */
    GError **error;
} CnxStateDict;

/* Sets error to CNX_ERROR_NOT_CONVNEXT with the message "FILE: ..." and returns FALSE. */
gboolean cnx_state_dict_fail(const CnxStateDict *self, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* A tensor, also one of a class that only its library can read. */
gboolean cnx_state_dict_is_tensor(const CnxPy *value);

/* Adds the tensors of dict with prefix ("" or "backbone.") before their names. A quantised tensor
 * "a" also adds "a_scale" and "a_zero_point"; the packed parameters of a quantised layer add its
 * weight and bias. Fails for a tensor of a class that only its library can read. */
gboolean cnx_state_dict_add(const CnxStateDict *self, const CnxPy *dict, const char *prefix);
