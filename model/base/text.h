/* Text from files: decoding it, and making it fit to be shown.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/error.h"

/* Copies text [length] (-1: NUL terminated), which may be any bytes, as valid UTF-8 that a terminal
 * or a log shows on one line: white space becomes a blank; invalid bytes, control characters and
 * marks that change the direction of writing become U+FFFD. Every text from a file passes this
 * function before it becomes a label, a name or a part of a message. Free with g_free. */
char *cnx_printable(const char *text, gssize length);

/* Decodes text [size], the contents of a file: UTF-8, with or without a byte order mark, or UTF-16
 * with one. Returns UTF-8 without NUL, or NULL with error (CNX_ERROR_CORRUPT). file is for
 * messages. Free with g_free. */
char *cnx_text_decode(const char *text, gsize size, const char *file, GError **error);

/* The rest of a tensor's name behind its first dot; NULL without a dot. */
const char *cnx_name_rest(const char *name);
