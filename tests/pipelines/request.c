/* Which requests the HTTP server takes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/web/request.h"

#include <string.h>

#define HOST "Host: localhost:9464\r\n"

static const char *const valid[] = {
    "GET /metrics HTTP/1.1\r\n" HOST "\r\n",
    "HEAD / HTTP/1.0\r\n\r\n",
    "POST /me%74rics?a=b HTTP/1.1\r\nHost: [::1]\r\nAccept:\ttext/*;q=0.3 \r\n\r\nbody\r\n\r\n",
    "POST / HTTP/1.1\r\nContent-Length: 12345678901234567\r\n\r\n",
    "GET /metrics HTTP/1.1\r\nHOST:\r\nX: \xc3\xa4 \xff\r\n\r\n",
};

static const char *const invalid[] = {
    "\r\n\r\n",
    "GET\r\n\r\n",
    "get /metrics HTTP/1.1\r\n" HOST "\r\n",
    "GET metrics HTTP/1.1\r\n" HOST "\r\n",
    "GET http://localhost/metrics HTTP/1.1\r\n" HOST "\r\n",
    "OPTIONS * HTTP/1.1\r\n" HOST "\r\n",
    "GET /me%trics HTTP/1.1\r\n" HOST "\r\n",
    "GET /metrics%00 HTTP/1.1\r\n" HOST "\r\n",
    "GET /met\xc3\xa4rics HTTP/1.1\r\n" HOST "\r\n",
    "GET /metrics HTTP/2\r\n" HOST "\r\n",
    "GET /metrics HTTP/1.1\n" HOST "\r\n",
    "GET /metrics HTTP/1.1\r\n" HOST "X-Folded: a\r\n b\r\n\r\n",
    "GET /metrics HTTP/1.1\r\nHost : x\r\n\r\n",
    "GET /metrics HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
    "GET /metrics HTTP/1.1\r\nUpgrade: h2c\r\n\r\n",
    "POST /metrics HTTP/1.1\r\nexpect: 100-continue\r\n\r\n",
    "POST /metrics HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    "POST /metrics HTTP/1.1\r\nContent-Length: 123456789012345678\r\n\r\n",
    "POST /metrics HTTP/1.1\r\nContent-Length: 1\r\ncontent-length: 2\r\n\r\n",
    "GET /metrics HTTP/1.1\r\nHost: a b\r\n\r\n",
    "GET /metrics HTTP/1.1\r\nHost: %\r\n\r\n",
    "GET /metrics HTTP/1.1\r\nN\xc3\xa4me: x\r\n\r\n",
    "GET /metrics HTTP/1.1\r\nX: \x1b[31m\r\n\r\n",
};

static void check(const char *text, gsize length, WatchRequest expected)
{
    const WatchRequest found = watch_request_check(text, length);

    if (found != expected)
        g_error("request '%s': expected %d, found %d", text, expected, found);
}

static void check_head(void)
{
    static const char text[] = "GET /a%20b?x=y HTTP/1.1\r\nhost: h:1 \r\nLast-Event-ID:7\r\n\r\n"
                               "Authorization: Basic x\r\n\r\n";
    g_autoptr(WatchRequestHead) head = watch_request_parse(text, sizeof text - 1);

    g_assert_cmpstr(head->method, ==, "GET");
    g_assert_cmpstr(head->path, ==, "/a%20b");
    g_assert_cmpstr(head->host, ==, "h:1");
    g_assert_cmpstr(head->last_event_id, ==, "7");
    g_assert_null(head->authorization);
}

int main(void)
{
    g_autofree char *endless = g_strnfill(WATCH_REQUEST_MAX, 'A');
    static const char nul[] = "GET /metrics HTTP/1.1\r\nX: \0\r\n\r\n";

    check_head();
    for (guint i = 0; i < G_N_ELEMENTS(valid); i++) {
        const gsize end = (gsize)(strstr(valid[i], "\r\n\r\n") - valid[i]);

        check(valid[i], strlen(valid[i]), WATCH_REQUEST_VALID);
        for (gsize length = 0; length < end + 4; length++)
            check(valid[i], length, WATCH_REQUEST_INCOMPLETE);
    }
    for (guint i = 0; i < G_N_ELEMENTS(invalid); i++)
        check(invalid[i], strlen(invalid[i]), WATCH_REQUEST_INVALID);
    check(nul, sizeof nul - 1, WATCH_REQUEST_INVALID);
    check(endless, WATCH_REQUEST_MAX - 1, WATCH_REQUEST_INCOMPLETE);
    check(endless, WATCH_REQUEST_MAX, WATCH_REQUEST_INVALID);
    return 0;
}
