/* Reads an input of a fuzz target as a sequence of choices, numbers and texts.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

typedef struct FuzzReader {
    const guint8 *data;
    gsize left; /* bytes */
} FuzzReader;

/* After the last byte of the input, all of them return zeros. */
guint8 fuzz_byte(FuzzReader *reader);
guint64 fuzz_uint(FuzzReader *reader, guint bytes);

/* A number below `below`, which is 1 to 256. */
guint fuzz_choice(FuzzReader *reader, guint below);

/* Often one where arithmetic overflows, or near `near`, such as the width of a picture. */
guint32 fuzz_hostile(FuzzReader *reader, guint32 near);
guint64 fuzz_hostile64(FuzzReader *reader);

/* Any float or double, often NaN, infinite or huge. */
float fuzz_float(FuzzReader *reader);
double fuzz_double(FuzzReader *reader);

/* Up to `max` bytes of valid UTF-8, preceded by their number. The caller frees them. */
char *fuzz_text(FuzzReader *reader, guint max);

/* The bytes up to the next 0xff, which no UTF-8 contains, as a string. Drops what follows a NUL.
 * The caller frees it. */
char *fuzz_section(FuzzReader *reader);
