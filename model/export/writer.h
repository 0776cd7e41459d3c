/* Writing safetensors files, as strict as the reader (model/containers/safetensors.h).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/error.h"
#include "model/base/tensor.h"

/* Fills dst [tensor->size] with the values of tensor, one of those being written, little endian.
 * FALSE with error ends the writing. */
typedef gboolean CnxWriterFill(const CnxTensor *tensor, guint8 *dst, gpointer user_data,
                               GError **error);

/* Writes tensors [count] to a new file at path, replacing what is there. Of each: name, dtype (none
 * of the OTHER ones), rank and shape; elements and size are set here, data is not looked at. The
 * data follow the header aligned and without holes, wide dtypes first and then by name, as the
 * format's own library has them. fill is called once a tensor, in that order. On failure there is
 * no file. Errors: CNX_ERROR_UNWRITABLE, CNX_ERROR_OUT_OF_MEMORY, and those of fill. */
gboolean cnx_writer_write(const char *path, CnxTensor *tensors, guint count, CnxWriterFill *fill,
                          gpointer user_data, GError **error);
