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

/* GLib's messages quote with signs that a terminal without UTF-8 cannot print. */
static void replace_quotes(GString *text)
{
    static const char *const signs[] = {"\u2018", "\u2019", "\u201c", "\u201d"};

    for (guint i = 0; i < G_N_ELEMENTS(signs); i++)
        g_string_replace(text, signs[i], "'", 0);
}

void print_error(const char *program, const char *format, ...)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *clean = NULL;
    va_list arguments;

    va_start(arguments, format);
    g_string_vprintf(text, format, arguments);
    va_end(arguments);
    replace_quotes(text);
    clean = print_clean(text->str, PRINT_MAX_LINE);
    g_printerr("%s: %s\n", program, clean);
}
