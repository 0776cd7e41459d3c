/* Memory that a parser takes in many pieces and gives back at once.
 *
 * What a parser takes is bounded by what it reads: a pool has a limit, which its owner sets in
 * proportion to the file. Unlike GLib's own, these functions return NULL where memory is short.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

typedef struct CnxStrings CnxStrings;

/* limit: bytes that may be taken in all. */
CnxStrings *cnx_strings_new(gsize limit);
void cnx_strings_free(CnxStrings *pool); /* NULL allowed */

/* Bytes, uninitialised, aligned for any type; NULL when the limit or the system's memory is
 * reached.
 */
gpointer cnx_strings_take(CnxStrings *pool, gsize bytes);

/* A copy of text [length] with a NUL behind it, or NULL. */
char *cnx_strings_copy(CnxStrings *pool, const char *text, gsize length);

/* Makes room for one more element in an array of count ones that grows by doubling, outside of any
 * pool; g_free releases it. FALSE when memory is short: the array is as it was. */
gboolean cnx_grow(gpointer *array, gsize count, gsize *capacity, gsize element);
