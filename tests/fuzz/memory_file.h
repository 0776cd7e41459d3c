/* A file that is in memory only.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Its path; valid until the next call, which changes the same file's contents. */
const char *memory_file(const guint8 *contents, gsize size);
