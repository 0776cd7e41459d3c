/* The lines of a labels file, and the columns and headers that people put around the labels.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/text.h"

#define CNX_LABEL_MAX 4096 /* bytes */

/* Reads count labels from text, UTF-8: one per line, whatever ends the lines; or all on one line
 * with commas, semicolons, tabs or bars between them. Blank lines at the end, a header, class
 * numbers and WordNet ids are recognised and left out; numbers also set the order. Text that can be
 * read in two ways is an error, CNX_ERROR_CORRUPT; a number of labels other than count is
 * CNX_ERROR_MISMATCH. Returns a NULL terminated array (g_strfreev) or NULL with error. */
char **cnx_label_lines(const char *text, guint count, const char *file, GError **error);
