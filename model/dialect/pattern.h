/* Matches and fills the patterns of model/dialect/tables.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Fills pattern `to` with the numbers that pattern `from` finds in name. NULL if name does not
 * match `from`. Free with g_free. */
char *cnx_pattern_rename(const char *from, const char *to, const char *name);
