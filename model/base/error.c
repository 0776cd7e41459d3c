/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/base/error.h"

#include "model/base/text.h"

#define QUOTE_MAX 80

GQuark cnx_error_quark(void)
{
    return g_quark_from_static_string("cnx-error-quark");
}

gboolean cnx_corrupt(GError **error, const char *file, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, CNX_ERROR, CNX_ERROR_CORRUPT, "%s: %s", file, what);
    return FALSE;
}

char *cnx_quote(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_autoptr(GString) out = g_string_new("\"");
    int length = 0;

    for (const char *p = valid; *p; p = g_utf8_next_char(p)) {
        if (length++ == QUOTE_MAX) {
            g_string_append(out, "…");
            break;
        }
        gunichar c = g_utf8_get_char(p);
        g_string_append_unichar(out, g_unichar_iscntrl(c) ? '?' : c);
    }
    g_string_append_c(out, '"');
    return cnx_printable(out->str, -1);
}

char *cnx_quote_list(const char *const *texts, guint most)
{
    GString *list = g_string_new(NULL);

    for (guint i = 0; texts[i]; i++) {
        if (i == most) {
            g_string_append(list, ", ...");
            break;
        }
        g_autofree char *quoted = cnx_quote(texts[i]);
        g_string_append_printf(list, i ? ", %s" : "%s", quoted);
    }
    return g_string_free(list, FALSE);
}
