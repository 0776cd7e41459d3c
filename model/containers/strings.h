/* Names and other small pieces of memory that a parser allocates one by one and frees together.
 *
 * A budget, which the owner sets in proportion to the file, bounds the memory that a file can make
 * its parsers allocate. Unlike GLib's allocators, these functions return NULL when memory runs out.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/memory.h"

typedef struct CnxStrings CnxStrings;

/* budget pays for every piece and gets it back from cnx_strings_free. It must outlive strings. */
CnxStrings *cnx_strings_new(CnxBudget *budget);
void cnx_strings_free(CnxStrings *strings); /* NULL allowed */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CnxStrings, cnx_strings_free)

/* Uninitialised bytes, aligned for any type; NULL when the budget or memory runs out. */
gpointer cnx_strings_take(CnxStrings *strings, gsize bytes);

/* A NUL-terminated copy of text [length], or NULL. */
char *cnx_strings_copy(CnxStrings *strings, const char *text, gsize length);

/* Makes room for one more element in an array of count elements that grows by doubling. The array
 * belongs to no CnxStrings; free it with g_free, and give the bytes of capacity back to budget.
 * Returns FALSE, and leaves the array as it is, when the budget or memory runs out. */
gboolean cnx_grow(gpointer *array, gsize count, gsize *capacity, gsize element, CnxBudget *budget);
