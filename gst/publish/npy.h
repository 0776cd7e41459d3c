/* Tensors as NumPy's files.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gst/convnext/convnext.h"

/* Writes tensor to path, format version 1.0, little-endian float32 in C order, data 64 bytes
 * aligned. The file appears under its name when it is complete. FALSE with error, domain
 * G_FILE_ERROR, when it cannot be written. */
gboolean gst_convnext_npy_write(const char *path, GstConvnextTensor *tensor, GError **error);
