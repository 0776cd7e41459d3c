/* Reads snapshots for those who ask, in a thread, so a disk that hangs blocks nothing else.
 *
 * Call all functions in the main thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

typedef struct WatchReader WatchReader;

/* bytes: of the whole file, borrowed; NULL if it cannot be read. */
typedef void (*WatchReaderFunc)(GBytes *bytes, gpointer data);

WatchReader *watch_reader_new(void);

/* The functions of open requests are not called, their data are freed. Does not wait for the disk.
 */
void watch_reader_free(WatchReader *reader);

/* Reads a file of 16 MB at most. name: without slashes; a link of this name is not followed. Calls
 * func once, possibly before this returns, and then free_data. */
void watch_reader_read(WatchReader *reader, const char *folder, const char *name,
                       WatchReaderFunc func, gpointer data, GDestroyNotify free_data);
