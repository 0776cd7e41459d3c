/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/fuzz/reader.h"

#include <float.h>
#include <math.h>
#include <string.h>

guint8 fuzz_byte(FuzzReader *reader)
{
    if (reader->left == 0)
        return 0;
    reader->left--;
    return *reader->data++;
}

guint64 fuzz_uint(FuzzReader *reader, guint bytes)
{
    guint64 value = 0;

    for (guint i = 0; i < bytes; i++)
        value = value << 8 | fuzz_byte(reader);
    return value;
}

guint fuzz_choice(FuzzReader *reader, guint below)
{
    return fuzz_byte(reader) % below;
}

guint32 fuzz_hostile(FuzzReader *reader, guint32 near)
{
    static const guint32 edges[] = {0, 1, G_MAXINT, 0x80000000, G_MAXUINT, 0x7fff, 0x10000};
    const guint kind = fuzz_choice(reader, 16);

    if (kind < G_N_ELEMENTS(edges))
        return edges[kind];
    if (kind < 10)
        return near + kind - 8;
    return (guint32)fuzz_uint(reader, kind < 13 ? 1 : kind < 15 ? 2 : 4);
}

guint64 fuzz_hostile64(FuzzReader *reader)
{
    static const guint64 edges[] = {0, 1, G_MAXINT64, G_MAXUINT64, G_MAXUINT64 - 1, G_MAXUINT};
    const guint kind = fuzz_choice(reader, 16);

    if (kind < G_N_ELEMENTS(edges))
        return edges[kind];
    return kind < 14 ? fuzz_uint(reader, 1) * 10000000 : fuzz_uint(reader, 8);
}

float fuzz_float(FuzzReader *reader)
{
    static const float edges[] = {0, -0.0f, 1, -1, FLT_MAX, -FLT_MAX, FLT_MIN, NAN};
    const guint kind = fuzz_choice(reader, 16);
    guint32 bits;
    float value;

    if (kind < G_N_ELEMENTS(edges))
        return edges[kind];
    if (kind < 10)
        return kind == 8 ? INFINITY : -INFINITY;
    if (kind < 14)
        return (float)fuzz_byte(reader) / 255;
    bits = (guint32)fuzz_uint(reader, 4);
    memcpy(&value, &bits, sizeof value);
    return value;
}

double fuzz_double(FuzzReader *reader)
{
    return fuzz_choice(reader, 8) ? (double)fuzz_float(reader) : DBL_MAX;
}

char *fuzz_text(FuzzReader *reader, guint max)
{
    const guint wanted = fuzz_choice(reader, MIN(max, 255) + 1);
    const gsize length = MIN(wanted, reader->left);
    g_autofree char *text = length ? g_strndup((const char *)reader->data, length) : g_strdup("");

    reader->data += length;
    reader->left -= length;
    return g_utf8_make_valid(text, -1);
}

char *fuzz_section(FuzzReader *reader)
{
    const guint8 *end = reader->left ? memchr(reader->data, 0xff, reader->left) : NULL;
    const gsize length = end ? (gsize)(end - reader->data) : reader->left;
    char *text = length ? g_strndup((const char *)reader->data, length) : g_strdup("");

    reader->data += length + (end != NULL);
    reader->left -= length + (end != NULL);
    return text;
}
