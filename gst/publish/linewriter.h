/* Writes whole lines to a file, a pipe or standard output from a streaming thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

typedef struct GstConvnextLineWriter GstConvnextLineWriter;

/* Opens location: the path of a file, which is created or truncated, or "-" for standard output.
 * Returns NULL and sets error, domain G_FILE_ERROR, if it cannot be opened. Does not wait for the
 * reader of a named pipe. */
GstConvnextLineWriter *gst_convnext_line_writer_open(const char *location, GError **error);

/* TRUE if the location is a named pipe that has not had a reader: the next write waits for one. */
gboolean gst_convnext_line_writer_lacks_reader(const GstConvnextLineWriter *writer);

/* Writes size bytes, which must end with a newline, and returns when the kernel has accepted all of
 * them. Lines that several writers write to standard output do not interleave. A pipe that has lost
 * its reader is the error G_FILE_ERROR_PIPE; it raises no signal. While flushing, the error is
 * G_FILE_ERROR_INTR and the line may be cut short. */
gboolean gst_convnext_line_writer_write(GstConvnextLineWriter *writer, const char *line, gsize size,
                                        GError **error);

/* Interrupts a write that waits for a reader and makes later writes fail. May be called from any
 * thread. */
void gst_convnext_line_writer_flush(GstConvnextLineWriter *writer);

/* Closes and frees the writer. Returns FALSE and sets error if the file system reports an error
 * when closing. */
gboolean gst_convnext_line_writer_close(GstConvnextLineWriter *writer, GError **error);
