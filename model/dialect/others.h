/* Recognises well-known networks other than ConvNeXt by their tensors' names.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/tensor.h"

/* Whether name is suffix or ends in "." and suffix. */
gboolean cnx_name_ends_in(const char *name, const char *suffix);

/* "a ResNet", ...; NULL if the network is unknown. *witness: name of the one among tensors
 * [count] that identified it. */
const char *cnx_others_recognise(const CnxTensor *tensors, guint count, const char **witness);
