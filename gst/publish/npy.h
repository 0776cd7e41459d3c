/* Saves tensors and masks as NumPy files, format .npy, version 1.0: little-endian values in C
 * order, at a multiple of 64 bytes. The file appears under its name only when it is complete.
 *
 * Each function returns FALSE and sets error, domain G_FILE_ERROR, if path cannot be written.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gst/convnext/convnext.h"

/* float32, with the tensor's shape. */
gboolean gst_convnext_npy_write_tensor(const char *path, GstConvnextTensor *tensor, GError **error);

/* [height, width]: uint8, or uint16 with more than 255 classes. */
gboolean gst_convnext_npy_write_mask(const char *path, GstConvnextSegmentation *segmentation,
                                     GError **error);

/* [objects, height, width] of the result's frame, uint8: 1 where the object's mask is not 0. */
gboolean gst_convnext_npy_write_object_masks(const char *path, GstConvnextResult *result,
                                             GError **error);
