/* A folder of files in memory, if the system has such a file system.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* The path of the folder, which exists until the program ends. Static. */
const char *folder_path(void);

/* The path of a file in the folder: write it before. Free with g_free. */
char *folder_file(const char *name);

/* Writes a file, or removes it if size is 0. */
void folder_write(const char *name, const guint8 *contents, gsize size);
