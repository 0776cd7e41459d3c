/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/base/json_scan.h"

#include <string.h>

#define DEPTH_MAX 64

/* Bytes that json-glib needs for each value, and further ones for the kinds of values. Strings also
 * need their length. */
#define VALUE_BYTES 128
#define MEMBER_BYTES 256
#define ARRAY_BYTES 320
#define OBJECT_BYTES 512

#define MEMBERS_FEW 1024    /* this many cannot take long, whatever their names */
#define COLLISIONS_USUAL 16 /* times the number that random names have */

typedef struct Scan {
    const char *text;
    gsize size, at;
    gsize memory;
    gsize string, string_end; /* the last string, without its quotes */
    gboolean closed;
    guint depth;
    GArray *members[DEPTH_MAX + 1]; /* hashes of the names in each open object; NULL: an array, or
                                       no name yet */
} Scan;

/* The string's character at *at, as UTF-8, which advances *at. \u escapes of surrogates stay two
 * characters: the result is only hashed, and an unusual hash is no fault. */
static int read_char(const char *text, gsize end, gsize *at, char utf8[6])
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    gunichar c = 0;

    utf8[0] = text[(*at)++];
    if (utf8[0] != '\\' || *at >= end)
        return 1;
    const char escape = text[(*at)++], *found = strchr(from, escape);
    utf8[0] = found && escape ? to[found - from] : escape;
    if (escape != 'u' || end - *at < 4)
        return 1;
    for (gsize i = 0; i < 4; i++)
        c = c * 16 + (gunichar)(g_ascii_xdigit_value(text[*at + i]) & 15);
    *at += 4;
    return g_unichar_to_utf8(c, utf8);
}

/* g_str_hash of the last string, without its escapes. */
static guint32 hash_string(const Scan *s)
{
    guint32 hash = 5381;
    char utf8[6];

    for (gsize at = s->string; at < s->string_end;)
        for (int i = 0, n = read_char(s->text, s->string_end, &at, utf8); i < n; i++)
            hash = hash * 33 + (guint32)(signed char)utf8[i];
    return hash;
}

/* Whether far more of the hashes than usual share a slot in a table of that size. */
static gboolean collide(const GArray *hashes, guint32 slots)
{
    const double n = hashes->len, usual = n + n * n / slots;
    g_autofree guint32 *load = g_new0(guint32, slots);
    double collisions = 0;

    for (guint i = 0; i < hashes->len; i++)
        collisions += load[g_array_index(hashes, guint32, i) % slots]++;
    return collisions > COLLISIONS_USUAL * usual;
}

/* A name's first slot in a GHashTable is its hash modulo one of these primes, which follows the
 * number of members. Equal names and equal hashes collide in every table. */
static gboolean members_collide(const GArray *hashes)
{
    static const guint32 primes[] = {1021,  2039,   4093,   8191,   16381,   32749,
                                     65521, 131071, 262139, 524287, 1048573, 2097143};

    for (guint i = 0; i < G_N_ELEMENTS(primes) && primes[i] / 4 <= hashes->len; i++)
        if (collide(hashes, primes[i]))
            return TRUE;
    return FALSE;
}

static void add_member(Scan *s)
{
    const guint32 hash = hash_string(s);
    GArray **members = &s->members[s->depth];

    if (!*members)
        *members = g_array_new(FALSE, FALSE, sizeof hash);
    g_array_append_val(*members, hash);
    s->memory += MEMBER_BYTES;
}

static const char *open_value(Scan *s, gsize bytes)
{
    if (++s->depth > DEPTH_MAX)
        return "nests more than " G_STRINGIFY(DEPTH_MAX) " levels deep";
    s->memory += VALUE_BYTES + bytes;
    return NULL;
}

static const char *close_value(Scan *s)
{
    g_autoptr(GArray) hashes = g_steal_pointer(&s->members[s->depth]);

    s->depth -= s->depth > 0;
    s->closed = s->depth == 0;
    return hashes && hashes->len > MEMBERS_FEW && members_collide(hashes)
               ? "has an object whose names repeat or collide"
               : NULL;
}

/* json-glib leaks the beginning of a string with such an escape. */
static gboolean is_short_escape(const Scan *s)
{
    guint digits = 0;

    if (s->size - s->at < 2 || s->text[s->at + 1] != 'u')
        return FALSE;
    while (digits < 4 && s->at + 2 + digits < s->size &&
           g_ascii_isxdigit(s->text[s->at + 2 + digits]))
        digits++;
    return digits < 4;
}

/* Moves to the closing quote. */
static const char *skip_string(Scan *s)
{
    s->string = ++s->at;
    while (s->at < s->size && s->text[s->at] != '"') {
        if (s->text[s->at] != '\\')
            s->at++;
        else if (is_short_escape(s))
            return "has an escape \\u without four hexadecimal digits";
        else
            s->at += 2;
    }
    s->string_end = MIN(s->at, s->size);
    s->memory += s->string_end - s->string;
    return NULL;
}

static const char *scan_char(Scan *s, char c)
{
    if (s->depth == 0 && c != '{' && !g_ascii_isspace(c))
        return s->closed ? "continues after its object" : "does not begin with an object";
    if (s->closed && c == '{')
        return "has a second object";
    switch (c) {
    case '"':
        return skip_string(s);
    case '{':
        return open_value(s, OBJECT_BYTES);
    case '[':
        return open_value(s, ARRAY_BYTES);
    case '}':
    case ']':
        return close_value(s);
    case ',':
        s->memory += VALUE_BYTES;
        return NULL;
    case ':':
        add_member(s);
        return NULL;
    default:
        return g_ascii_isalnum(c) || g_ascii_isspace(c) || (c && strchr("+-.", c))
                   ? NULL
                   : "has an unexpected character";
    }
}

const char *cnx_json_scan(const char *text, gsize size, gsize *at, gsize *memory)
{
    Scan s = {.text = text, .size = size};
    const char *fault = NULL;

    for (; s.at < size && !fault; s.at++) {
        *at = s.at;
        fault = scan_char(&s, text[s.at]);
    }
    for (guint i = 0; i <= DEPTH_MAX; i++)
        if (s.members[i])
            g_array_unref(s.members[i]);
    *memory = s.memory;
    return fault;
}
