/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "model/base/error.h"

void fuzz_check(gboolean ok, GError *error, const char *file)
{
    g_log_set_always_fatal(G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING);
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
