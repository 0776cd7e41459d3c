/* Fuzz target: the head of a request to the metrics server.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/web/request.h"

#include <string.h>

#include "tests/fuzz/fuzz.h"

/* A request that is valid is so from its empty line on, and only incomplete before. */
int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    const char *text = (const char *)data;
    const char *end;

    fuzz_set_fatal();
    if (watch_request_check(text, size) != WATCH_REQUEST_VALID)
        return 0;
    end = g_strstr_len(text, (gssize)size, "\r\n\r\n") + 4;
    g_assert_cmpint(watch_request_check(text, (gsize)(end - text)), ==, WATCH_REQUEST_VALID);
    if (end - text <= WATCH_REQUEST_MAX)
        g_assert_cmpint(watch_request_check(text, (gsize)(end - text) - 1), ==,
                        WATCH_REQUEST_INCOMPLETE);
    g_assert_null(memchr(text, '\0', (gsize)(end - text)));
    g_assert_nonnull(g_strstr_len(text, end - text, " /"));
    return 0;
}
