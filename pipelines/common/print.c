/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/common/print.h"

char *print_clean(const char *text, guint max)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    GString *clean = g_string_new(NULL);
    guint count = 0;

    for (const char *from = valid; *from; from = g_utf8_next_char(from)) {
        const gunichar c = g_utf8_get_char(from);

        if (count++ == max) {
            g_string_append(clean, "...");
            break;
        }
        g_string_append_unichar(clean, g_unichar_isprint(c) ? c : '?');
    }
    return g_string_free(clean, FALSE);
}

void print_error(const char *program, const char *format, ...)
{
    g_autofree char *text = NULL, *clean = NULL;
    va_list arguments;

    va_start(arguments, format);
    text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    clean = print_clean(text, PRINT_MAX_LINE);
    g_printerr("%s: %s\n", program, clean);
}
