/* Matching and filling the patterns of model/dialect/tables.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* The name that `to` gives to what `from` calls name, or NULL when name does not fit `from`.
 * Free with g_free. */
char *cnx_pattern_rename(const char *from, const char *to, const char *name);
