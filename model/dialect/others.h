/* Recognises well-known networks that are no ConvNeXt, by their tensors' names.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/tensor.h"

/* name ends in suffix, at the beginning of one of its parts. */
gboolean cnx_name_ends_in(const char *name, const char *suffix);

/* "a ResNet", and in *witness the name of the tensor [count] that says so; or NULL. */
const char *cnx_others_recognise(const CnxTensor *tensors, guint count, const char **witness);
