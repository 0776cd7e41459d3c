/* Recognises what people hand over in place of a checkpoint.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* A predicate for a sentence that begins with the file's name ("looks like ...; do ..."), or NULL
 * when the bytes are of no kind known here. */
const char *cnx_foreign_describe(const void *data, gsize size);
