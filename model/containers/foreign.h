/* Recognises files that are passed in place of a checkpoint by mistake.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* A predicate to follow the file's name in a sentence ("is an HTML page, ...: download ..."), or
 * NULL for bytes of an unknown kind. */
const char *cnx_foreign_describe(const void *data, gsize size);
