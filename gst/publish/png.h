/* Saves masks as PNG files.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gst/convnext/convnext.h"

/* Writes the mask to path: indexed, with the colours of the legend, black for 0; its indices are
 * the values of the mask. An indexed PNG has at most 256 colours, so a mask of 16 bits becomes a
 * gray one of 16 bits. Returns FALSE and sets error, domain G_FILE_ERROR, if it cannot be written.
 */
gboolean gst_convnext_png_write_mask(const char *path, GstConvnextSegmentation *segmentation,
                                     GError **error);
