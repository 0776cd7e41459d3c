/* Saves tensors as NumPy files.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gst/convnext/convnext.h"

/* Writes tensor to path in NumPy's .npy format, version 1.0: little-endian float32 in C order, with
 * the values at a multiple of 64 bytes. The file appears under its name only when it is complete.
 * Returns FALSE and sets error, domain G_FILE_ERROR, if it cannot be written. */
gboolean gst_convnext_npy_write(const char *path, GstConvnextTensor *tensor, GError **error);
