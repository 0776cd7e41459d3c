/* Writes safetensors files that the strict reader (model/containers/safetensors.h) accepts.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/error.h"
#include "model/base/tensor.h"

/* Fills dst [tensor->size] with the little-endian elements of tensor, one of those passed to
 * cnx_writer_write. FALSE with error aborts. */
typedef gboolean CnxWriterFill(const CnxTensor *tensor, guint8 *dst, gpointer user_data,
                               GError **error);

/* Writes tensors [count] to path, replacing an existing file. Uses the name, dtype (not OTHER),
 * rank and shape of each tensor, sets its elements and size, and ignores its data. The data follow
 * the header, aligned and without gaps, sorted by descending element size and then by name, as the
 * safetensors library writes them. Calls fill once per tensor, in that order. A failure leaves no
 * file. Errors: CNX_ERROR_UNWRITABLE, CNX_ERROR_OUT_OF_MEMORY, and those of fill. */
gboolean cnx_writer_write(const char *path, CnxTensor *tensors, guint count, CnxWriterFill *fill,
                          gpointer user_data, GError **error);
