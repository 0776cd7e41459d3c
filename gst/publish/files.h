/* The files of a result in the folder of the property tensor-dir.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gst/convnext/convnext.h"

/* The names of the files are <stream or "convnext">-<frame>-<name>, and -<nth> for further results
 * of the frame. */
typedef struct GstConvnextFiles {
    const char *folder;
    const char *stream; /* or NULL */
    guint64 frame;
    guint nth; /* of the frame's results, from 0 */
} GstConvnextFiles;

/* Writes each tensor as <its name>.npy, the mask of a segmentation as mask.npy and mask.png, and
 * the masks of objects, if they have the size of the frame, as object-mask-frames.npy. FALSE with
 * error, domain G_FILE_ERROR, if one cannot be written. */
gboolean gst_convnext_files_write(const GstConvnextFiles *files, GstConvnextResult *result,
                                  GError **error);
