/* The files of a worker: its input, and the result that peers.py compares.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>

/* The floats of a file, [count]; g_free(). Exits with a message if it holds another number. */
static inline float *files_read(const char *path, gsize count)
{
    g_autoptr(GError) error = NULL;
    char *bytes;
    gsize length;

    if (!g_file_get_contents(path, &bytes, &length, &error)) {
        fprintf(stderr, "%s\n", error->message);
        exit(1);
    }
    if (length != count * sizeof(float)) {
        fprintf(stderr, "%s: expected %zu bytes, found %zu\n", path, count * sizeof(float), length);
        exit(1);
    }
    return (float *)(void *)bytes;
}

static inline void files_write(const char *path, const float *values, gsize count)
{
    g_autoptr(GError) error = NULL;

    if (!g_file_set_contents(path, (const char *)values, (gssize)(count * sizeof *values),
                             &error)) {
        fprintf(stderr, "%s\n", error->message);
        exit(1);
    }
}
