/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/containers/header.h"

#include <string.h>

#include "model/containers/container.h"

#define STRING_MAX 1024 /* bytes of a name; longer strings in the metadata are truncated */

typedef struct Parser {
    const char *start, *at, *end;
    const char *file;
    char string[STRING_MAX + 1]; /* the last string read, unescaped and truncated */
    gsize length;                /* of the whole string */
    GError **error;
} Parser;

static const struct {
    const char *name;
    guint bits;
    CnxDtype dtype;
} dtypes[] = {
    {"F32", 32, CNX_DTYPE_F32},
    {"F16", 16, CNX_DTYPE_F16},
    {"BF16", 16, CNX_DTYPE_BF16},
    {"F64", 64, CNX_DTYPE_F64},
    {"BOOL", 8, CNX_DTYPE_OTHER},
    {"U8", 8, CNX_DTYPE_OTHER},
    {"I8", 8, CNX_DTYPE_OTHER},
    {"U16", 16, CNX_DTYPE_OTHER},
    {"I16", 16, CNX_DTYPE_OTHER},
    {"U32", 32, CNX_DTYPE_OTHER},
    {"I32", 32, CNX_DTYPE_OTHER},
    {"U64", 64, CNX_DTYPE_OTHER},
    {"I64", 64, CNX_DTYPE_OTHER},
    {"C64", 64, CNX_DTYPE_OTHER},
    {"F4", 4, CNX_DTYPE_OTHER},
    {"F6_E2M3", 6, CNX_DTYPE_OTHER},
    {"F6_E3M2", 6, CNX_DTYPE_OTHER},
    {"F8_E4M3", 8, CNX_DTYPE_F8_E4M3},
    {"F8_E5M2", 8, CNX_DTYPE_F8_E5M2},
    {"F8_E8M0", 8, CNX_DTYPE_OTHER},
    {"F8_E4M3FNUZ", 8, CNX_DTYPE_F8_E4M3FNUZ},
    {"F8_E5M2FNUZ", 8, CNX_DTYPE_F8_E5M2FNUZ},
};

G_GNUC_PRINTF(2, 3) static gboolean fail_parse(Parser *p, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(p->error, CNX_ERROR, CNX_ERROR_CORRUPT,
                "%s: has an invalid safetensors header: %s at byte %" G_GSIZE_FORMAT, p->file, what,
                (gsize)(p->at - p->start));
    return FALSE;
}

/* Skips whitespace and returns the next character, '\0' at the end. */
static char peek_char(Parser *p)
{
    while (p->at < p->end && strchr(" \t\r\n", *p->at))
        p->at++;
    return p->at < p->end ? *p->at : '\0';
}

static gboolean expect_char(Parser *p, char c)
{
    if (peek_char(p) != c)
        return fail_parse(p, "\"%c\" expected", c);
    p->at++;
    return TRUE;
}

/* Call after a member. *more: whether another one follows before the closing bracket. */
static gboolean next_member(Parser *p, char close, gboolean *more)
{
    char c = peek_char(p);

    *more = c == ',';
    if (c != ',' && c != close)
        return fail_parse(p, "\",\" or \"%c\" expected", close);
    p->at++;
    return TRUE;
}

/* Call after the opening bracket. Consumes the closing one if there is no member. */
static gboolean is_empty(Parser *p, char close)
{
    if (peek_char(p) != close)
        return FALSE;
    p->at++;
    return TRUE;
}

static gboolean read_hex4(Parser *p, gunichar *value)
{
    if (p->end - p->at < 4)
        return fail_parse(p, "four hexadecimal digits expected");
    *value = 0;
    for (int i = 0; i < 4; i++, p->at++) {
        int digit = g_ascii_xdigit_value(*p->at);

        if (digit < 0)
            return fail_parse(p, "four hexadecimal digits expected");
        *value = *value * 16 + digit;
    }
    return TRUE;
}

static void append_char(Parser *p, char c)
{
    if (p->length < STRING_MAX)
        p->string[p->length] = c;
    p->length++;
}

/* Call after "\u". */
static gboolean read_unicode(Parser *p)
{
    gunichar c, low;
    char utf8[6];

    if (!read_hex4(p, &c))
        return FALSE;
    if (c >= 0xd800 && c < 0xdc00) {
        if (p->end - p->at < 2 || p->at[0] != '\\' || p->at[1] != 'u')
            return fail_parse(p, "second half of a surrogate pair expected");
        p->at += 2;
        if (!read_hex4(p, &low))
            return FALSE;
        if (low < 0xdc00 || low > 0xdfff)
            return fail_parse(p, "second half of a surrogate pair expected");
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    } else if (c == 0 || (c >= 0xdc00 && c <= 0xdfff)) {
        return fail_parse(p, "escape of a character that is invalid in text");
    }
    const int length = g_unichar_to_utf8(c, utf8);
    for (int i = 0; i < length; i++)
        append_char(p, utf8[i]);
    return TRUE;
}

/* Call after the backslash. */
static gboolean read_escape(Parser *p)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    char c = p->at < p->end ? *p->at : '\0';
    const char *found = c ? strchr(from, c) : NULL;

    if (c == 'u') {
        p->at++;
        return read_unicode(p);
    }
    if (!found)
        return fail_parse(p, "unknown escape");
    p->at++;
    append_char(p, to[found - from]);
    return TRUE;
}

/* Reads into p->string, which the next string overwrites. */
static gboolean read_string(Parser *p)
{
    if (!expect_char(p, '"'))
        return FALSE;
    p->length = 0;
    while (p->at < p->end && *p->at != '"') {
        if ((guint8)*p->at < 0x20)
            return fail_parse(p, "control character in a string");
        if (*p->at != '\\') {
            append_char(p, *p->at++);
            continue;
        }
        p->at++;
        if (!read_escape(p))
            return FALSE;
    }
    if (p->at == p->end)
        return fail_parse(p, "end of a string expected");
    p->at++;
    p->string[MIN(p->length, STRING_MAX)] = '\0';
    return TRUE;
}

/* A string that must not be truncated. */
static gboolean read_key(Parser *p)
{
    if (!read_string(p))
        return FALSE;
    return p->length <= STRING_MAX || fail_parse(p, "name of more than %d bytes", STRING_MAX);
}

static gboolean read_uint(Parser *p, guint64 *value)
{
    char c = peek_char(p);

    if (!g_ascii_isdigit(c))
        return fail_parse(p, "non-negative integer expected");
    *value = 0;
    const char *first = p->at;
    for (; p->at < p->end && g_ascii_isdigit(*p->at); p->at++)
        if (!g_uint64_checked_mul(value, *value, 10) ||
            !g_uint64_checked_add(value, *value, *p->at - '0'))
            return fail_parse(p, "integer of more than 64 bits");
    if (c == '0' && p->at - first > 1)
        return fail_parse(p, "integer with leading zeros");
    if (p->at < p->end && strchr(".eE", *p->at))
        return fail_parse(p, "integer expected, found a fraction");
    return TRUE;
}

/* "[" uint, ... "]", at most max numbers. */
static gboolean read_uints(Parser *p, guint64 *values, guint max, guint *count)
{
    gboolean more = TRUE;

    *count = 0;
    if (!expect_char(p, '['))
        return FALSE;
    if (is_empty(p, ']'))
        return TRUE;
    while (more) {
        if (*count == max)
            return fail_parse(p, "more than %u numbers", max);
        if (!read_uint(p, &values[(*count)++]) || !next_member(p, ']', &more))
            return FALSE;
    }
    return TRUE;
}

static gboolean read_dtype(Parser *p, CnxHeaderEntry *entry)
{
    if (!read_key(p))
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(dtypes); i++)
        if (!strcmp(p->string, dtypes[i].name)) {
            entry->tensor.dtype = dtypes[i].dtype;
            entry->tensor.stored = dtypes[i].name;
            entry->bits = dtypes[i].bits;
            return TRUE;
        }
    g_autofree char *word = cnx_quote(p->string);
    return fail_parse(p, "unknown dtype %s", word);
}

static gboolean read_offsets(Parser *p, CnxHeaderEntry *entry)
{
    guint64 offsets[2];
    guint count;

    if (!read_uints(p, offsets, 2, &count))
        return FALSE;
    if (count != 2)
        return fail_parse(p, "two data_offsets expected");
    entry->begin = offsets[0];
    entry->end = offsets[1];
    return TRUE;
}

static gboolean read_tensor(Parser *p, CnxHeaderEntry *entry)
{
    static const char *const keys[] = {"dtype", "shape", "data_offsets"};
    gboolean seen[3] = {FALSE}, more = TRUE;

    if (!expect_char(p, '{'))
        return FALSE;
    if (is_empty(p, '}'))
        return fail_parse(p, "tensor without dtype, shape and data_offsets");
    while (more) {
        if (!read_key(p))
            return FALSE;
        guint key = 0;
        while (key < 3 && strcmp(p->string, keys[key]))
            key++;
        if (key == 3) {
            g_autofree char *word = cnx_quote(p->string);

            return fail_parse(p, "unknown key %s of a tensor", word);
        }
        if (seen[key])
            return fail_parse(p, "key \"%s\" occurs twice", keys[key]);
        seen[key] = TRUE;
        if (!expect_char(p, ':') ||
            !(key == 0   ? read_dtype(p, entry)
              : key == 1 ? read_uints(p, entry->tensor.shape, CNX_MAX_RANK, &entry->tensor.rank)
                         : read_offsets(p, entry)) ||
            !next_member(p, '}', &more))
            return FALSE;
    }
    for (guint key = 0; key < 3; key++)
        if (!seen[key])
            return fail_parse(p, "tensor without %s", keys[key]);
    return TRUE;
}

/* Checks the metadata's syntax and drops its contents. */
static gboolean read_metadata(Parser *p)
{
    gboolean more = TRUE;

    if (!expect_char(p, '{'))
        return FALSE;
    if (is_empty(p, '}'))
        return TRUE;
    while (more)
        if (!read_string(p) || !expect_char(p, ':') || !read_string(p) ||
            !next_member(p, '}', &more))
            return FALSE;
    return TRUE;
}

static gboolean fail_memory(Parser *p)
{
    g_set_error(p->error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY,
                "%s: not enough memory for its list of tensors", p->file);
    return FALSE;
}

static gboolean read_member(Parser *p, CnxHeader *header, CnxStrings *names, gboolean *metadata)
{
    CnxHeaderEntry entry = {0};

    if (!read_key(p))
        return FALSE;
    if (!strcmp(p->string, "__metadata__")) {
        if (*metadata)
            return fail_parse(p, "key \"__metadata__\" occurs twice");
        *metadata = TRUE;
        return expect_char(p, ':') && read_metadata(p);
    }
    entry.tensor.name = cnx_strings_copy(names, p->string, p->length);
    if (!entry.tensor.name)
        return fail_memory(p);
    if (!expect_char(p, ':') || !read_tensor(p, &entry))
        return FALSE;
    if (header->count == CNX_TENSORS_MAX)
        return cnx_container_fail_count(p->file, p->error);
    if (!cnx_grow((gpointer *)&header->entries, header->count, &header->room, sizeof entry,
                  header->budget))
        return fail_memory(p);
    header->entries[header->count++] = entry;
    return TRUE;
}

static gboolean read_header(Parser *p, CnxHeader *header, CnxStrings *names)
{
    gboolean more, metadata = FALSE;

    if (p->at == p->end || *p->at != '{')
        return fail_parse(p, "\"{\" expected");
    p->at++;
    more = !is_empty(p, '}');
    while (more)
        if (!read_member(p, header, names, &metadata) || !next_member(p, '}', &more))
            return FALSE;
    peek_char(p);
    return p->at == p->end || fail_parse(p, "end of the header expected");
}

void cnx_header_clear(CnxHeader *header)
{
    cnx_budget_give(header->budget, header->room * sizeof *header->entries);
    header->room = 0;
    g_clear_pointer(&header->entries, g_free);
}

gboolean cnx_header_parse(const char *text, gsize length, const char *file, CnxHeader *header,
                          CnxStrings *names, GError **error)
{
    Parser p = {.start = text, .at = text, .end = text + length, .file = file, .error = error};
    const char *valid;

    if (!g_utf8_validate_len(text, length, &valid)) {
        p.at = valid;
        return fail_parse(&p, "invalid UTF-8");
    }
    return read_header(&p, header, names);
}
