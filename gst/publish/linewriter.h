/* Whole lines into a file, a pipe or standard output, from a streaming thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

typedef struct GstConvnextLineWriter GstConvnextLineWriter;

/* location: a path, whose file is made or emptied, or "-" for standard output. NULL with error,
 * domain G_FILE_ERROR, when it cannot be opened. */
GstConvnextLineWriter *gst_convnext_line_writer_open(const char *location, GError **error);

/* Writes size bytes, which end with a newline, and returns when the kernel has them all. Lines of
 * several writers on standard output do not mix. A pipe whose reader is gone is an error,
 * G_FILE_ERROR_PIPE, and no signal. While flushing the error is G_FILE_ERROR_INTR, and the line
 * may be cut short. */
gboolean gst_convnext_line_writer_write(GstConvnextLineWriter *writer, const char *line, gsize size,
                                        GError **error);

/* From any thread: makes a write that waits for a slow reader return, and the next ones fail. */
void gst_convnext_line_writer_flush(GstConvnextLineWriter *writer);

/* Frees the writer. FALSE with error when the file system reports only now that it could not
 * store what was written. */
gboolean gst_convnext_line_writer_close(GstConvnextLineWriter *writer, GError **error);
