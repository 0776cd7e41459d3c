/* A file in memory.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Returns the path of a file with these contents. The next call overwrites the same file. */
const char *memory_file(const guint8 *contents, gsize size);
