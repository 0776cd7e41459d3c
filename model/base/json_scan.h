/* Looks through JSON text before json-glib parses it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Rejects text that json-glib does not handle safely: deep nesting, for which it recurses; a second
 * value, of which it leaks the first; comments; and members that collide in its hash table, which
 * take quadratic time. Returns a description of the fault ("has ...") at *at, or NULL. *memory:
 * bytes that json-glib needs for the object, rounded up. */
const char *cnx_json_scan(const char *text, gsize size, gsize *at, gsize *memory);
