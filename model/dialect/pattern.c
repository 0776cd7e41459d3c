/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/dialect/pattern.h"

#include <string.h>

#define MAX_NUMBERS 2
#define MAX_DIGITS 6 /* of a stage's or block's number */

/* Reads a number without leading zeros and advances *name past it. */
static gboolean read_number(const char **name, guint *value)
{
    const char *p = *name;

    *value = 0;
    while (g_ascii_isdigit(*p) && p - *name < MAX_DIGITS)
        *value = *value * 10 + (*p++ - '0');
    if (p == *name || g_ascii_isdigit(*p) || (**name == '0' && p - *name > 1))
        return FALSE;
    *name = p;
    return TRUE;
}

/* Turns the number at a placeholder into the canonical one. */
static gboolean decode_number(char placeholder, guint *value)
{
    guint odd = *value % 2;

    if (placeholder == '#')
        return TRUE;
    if (placeholder == '+')
        return (*value)-- > 0;
    *value /= 2;
    return odd == (placeholder == '@');
}

static guint encode_number(char placeholder, guint value)
{
    if (placeholder == '#' || placeholder == '+')
        return value + (placeholder == '+');
    return 2 * value + (placeholder == '@');
}

static gboolean is_placeholder(char c)
{
    return c == '#' || c == '+' || c == '@' || c == '%';
}

/* *rest: "weight" or "bias" for the pattern of a module, "" for that of a tensor. */
static gboolean match_pattern(const char *pattern, const char *name, guint *numbers,
                              const char **rest)
{
    char last = '\0';

    for (; *pattern; last = *pattern++) {
        if (is_placeholder(*pattern)) {
            if (!read_number(&name, numbers) || !decode_number(*pattern, numbers))
                return FALSE;
            numbers++;
        } else if (*name++ != *pattern) {
            return FALSE;
        }
    }
    *rest = name;
    return last == '.' ? !strcmp(name, "weight") || !strcmp(name, "bias") : *name == '\0';
}

char *cnx_pattern_rename(const char *from, const char *to, const char *name)
{
    guint numbers[MAX_NUMBERS], *next = numbers;
    const char *rest;

    if (!match_pattern(from, name, numbers, &rest))
        return NULL;
    GString *out = g_string_new(NULL);
    for (; *to; to++) {
        if (is_placeholder(*to))
            g_string_append_printf(out, "%u", encode_number(*to, *next++));
        else
            g_string_append_c(out, *to);
    }
    return g_string_free(g_string_append(out, rest), FALSE);
}
