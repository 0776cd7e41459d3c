/* A file that appears under its name only when it is complete.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

typedef struct GstConvnextOutput GstConvnextOutput;

/* Creates a temporary file in the folder of path. NULL with error, domain G_FILE_ERROR, if that
 * fails. */
GstConvnextOutput *gst_convnext_output_open(const char *path, GError **error);

/* Appends to the file. An error is reported by gst_convnext_output_close(). */
void gst_convnext_output_append(GstConvnextOutput *output, gconstpointer data, gsize size);

/* Renames the file to its path, and frees the output. FALSE with error, domain G_FILE_ERROR, if the
 * file could not be written, which removes it. */
gboolean gst_convnext_output_close(GstConvnextOutput *output, GError **error);
