/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/fuzz/fuzz.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"

/* libFuzzer keeps no input that ends in a trap, as GLib's fatal messages do. */
static void on_trap(int number)
{
    abort();
}

void fuzz_set_fatal(void)
{
    static gboolean is_set;

    if (is_set)
        return;
    is_set = TRUE;
    g_log_set_always_fatal(G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING);
    signal(SIGTRAP, on_trap);
}

void fuzz_check(gboolean ok, GError *error, const char *file)
{
    fuzz_set_fatal();
    if (ok) {
        g_assert_no_error(error);
        return;
    }
    g_assert_true(error && error->domain == CNX_ERROR);
    g_assert_true(g_utf8_validate(error->message, -1, NULL));
    g_assert_true(g_str_has_prefix(error->message, file));
    g_assert_null(strpbrk(error->message, "\n\r"));
    g_error_free(error);
}
