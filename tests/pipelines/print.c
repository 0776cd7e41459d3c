/* What is left of hostile text before it is printed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/common/print.h"

#include <string.h>

static const char *const cases[][2] = {
    {"", ""},
    {"plain", "plain"},
    {"h\303\251 \346\227\245", "h\303\251 \346\227\245"},
    {"\033[2J\033]0;owned\a", "?[2J?]0;owned?"},
    {"two\nlines\r\t", "two?lines??"},
    {"\302\233 8-bit CSI, \177", "? 8-bit CSI, ?"},
    {"\342\200\256override", "?override"},
    {"\377", "\357\277\275"},
};

static char *printed;

static void on_print(const char *text)
{
    g_free(printed);
    printed = g_strdup(text);
}

/* A sentence of GLib, whose quotes a terminal in the locale C cannot print. */
static void check_quotes(void)
{
    const GPrintFunc old = g_set_printerr_handler(on_print);

    print_error("program", "%s",
                "Failed to open \342\200\234a\342\200\235: \342\200\230b\342\200\231");
    g_set_printerr_handler(old);
    if (g_strcmp0(printed, "program: Failed to open 'a': 'b'\n") != 0)
        g_error("unexpected quotes: %s", printed);
    g_free(printed);
}

int main(void)
{
    g_autofree char *filler = g_strnfill(60000, 'x'), *cut = print_clean(filler, 500);

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *clean = print_clean(cases[i][0], 100);

        if (strcmp(clean, cases[i][1]) != 0)
            g_error("case %u: expected '%s', found '%s'", i, cases[i][1], clean);
    }
    if (strlen(cut) != 503 || strcmp(cut + 499, "x...") != 0)
        g_error("60000 characters are cut to %zu", strlen(cut));
    check_quotes();
    return 0;
}
