/* Text from cameras, servers and files on its way to a terminal or a log.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Characters of a foreign text, such as a server's status or a label, and of a line, which may
 * contain several. */
#define PRINT_MAX_PART 500
#define PRINT_MAX_LINE 2000

/* A copy of text on one line of valid UTF-8, with "?" for each character that cannot be printed,
 * such as the beginning of an escape sequence, and "..." for what is longer than max characters. */
char *print_clean(const char *text, guint max);

/* Prints "program: sentence" to standard error, cleaned, and with ' for typographic quotes. */
void print_error(const char *program, const char *format, ...) G_GNUC_PRINTF(2, 3);
