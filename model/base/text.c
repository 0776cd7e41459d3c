/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/base/text.h"

#include <string.h>

#define REPLACEMENT 0xfffd

static gboolean changes_direction(gunichar c)
{
    return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

static gunichar printable_char(gunichar c)
{
    if ((c >= '\t' && c <= '\r') || c == 0x85 || c == 0x2028 || c == 0x2029)
        return ' ';
    return g_unichar_iscntrl(c) || changes_direction(c) ? REPLACEMENT : c;
}

char *cnx_printable(const char *text, gssize length)
{
    g_autofree char *valid = g_utf8_make_valid(text, length);
    GString *out = g_string_sized_new(strlen(valid));

    for (const char *p = valid; *p; p = g_utf8_next_char(p))
        g_string_append_unichar(out, printable_char(g_utf8_get_char(p)));
    return g_string_free(out, FALSE);
}

static gboolean begins_with(const char *text, gsize size, const char *mark, gsize length)
{
    return size >= length && !memcmp(text, mark, length);
}

/* Returns NULL if the text is not UTF-16. */
static char *decode_utf16(const char *text, gsize size, const char *charset)
{
    gsize length = 0;
    g_autofree char *utf8 = g_convert(text, (gssize)size, "UTF-8", charset, NULL, &length, NULL);

    return utf8 && !memchr(utf8, '\0', length) ? g_steal_pointer(&utf8) : NULL;
}

char *cnx_text_decode(const char *text, gsize size, const char *file, GError **error)
{
    const gboolean little = begins_with(text, size, "\xff\xfe", 2);

    if (little || begins_with(text, size, "\xfe\xff", 2)) {
        char *utf8 = decode_utf16(text + 2, size - 2, little ? "UTF-16LE" : "UTF-16BE");

        if (!utf8)
            cnx_corrupt(error, file,
                        "begins with UTF-16's byte order mark, but is not UTF-16 text");
        return utf8;
    }
    if (begins_with(text, size, "\xef\xbb\xbf", 3)) {
        text += 3;
        size -= 3;
    }
    if (memchr(text, '\0', size)) {
        cnx_corrupt(error, file,
                    "contains NUL bytes, as UTF-16 without a byte order mark and binary files do, "
                    "expected UTF-8 text");
        return NULL;
    }
    if (!g_utf8_validate_len(text, size, NULL)) {
        cnx_corrupt(error, file, "is not UTF-8 text");
        return NULL;
    }
    return g_strndup(text, size);
}

const char *cnx_name_rest(const char *name)
{
    const char *dot = strchr(name, '.');

    return dot ? dot + 1 : NULL;
}
