/* Fuzz target: texts from servers and sources of cameras. The input is a password, a URI and
 * another URI or text, separated by bytes 0xff.
 *
 * What our functions say about a URI must agree with GStreamer's RTSP source and with GLib, which
 * connect to it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/rtsp/gstrtspurl.h>
#include <string.h>

#include "pipelines/common/print.h"
#include "pipelines/watch/redirect.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/reader.h"

typedef GstRTSPUrl RtspUrl;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RtspUrl, gst_rtsp_url_free)

static RtspUrl *parse_rtsp(const char *uri)
{
    RtspUrl *url = NULL;

    return gst_rtsp_url_parse(uri, &url) == GST_RTSP_OK ? url : NULL;
}

static GUri *parse_http(const char *uri)
{
    if (g_ascii_strncasecmp(uri, "http", 4) != 0)
        return NULL;
    return g_uri_parse(uri, G_URI_FLAGS_PARSE_RELAXED | G_URI_FLAGS_HAS_PASSWORD, NULL);
}

static gboolean has_controls(const char *uri)
{
    for (; *uri; uri++)
        if (g_ascii_iscntrl(*uri))
            return TRUE;
    return FALSE;
}

/* A URI with a login is never accepted as one without. Those with control characters are not
 * accepted. */
static void check_login(const char *uri)
{
    g_autoptr(GUri) http = parse_http(uri);
    g_autoptr(RtspUrl) rtsp = parse_rtsp(uri);
    const gboolean has_login = (rtsp && (rtsp->user || rtsp->passwd)) ||
                               (http && (g_uri_get_user(http) || g_uri_get_password(http)));

    if (has_login && !has_controls(uri))
        g_assert_true(watch_credentials_in_uri(uri));
    if (watch_credentials_in_uri(uri))
        g_assert_true(watch_credentials_maybe_in_uri(uri));
}

/* Where the login may go, the source connects to the same host and port. */
static void check_origin(const char *a, const char *b)
{
    g_autoptr(GUri) http_a = parse_http(a), http_b = parse_http(b);
    g_autoptr(RtspUrl) rtsp_a = parse_rtsp(a), rtsp_b = parse_rtsp(b);
    guint16 port_a, port_b;

    g_assert_cmpint(watch_redirect_is_same_origin(a, b), ==, watch_redirect_is_same_origin(b, a));
    if (!watch_redirect_is_same_origin(a, b))
        return;
    if (rtsp_a && rtsp_b) {
        gst_rtsp_url_get_port(rtsp_a, &port_a);
        gst_rtsp_url_get_port(rtsp_b, &port_b);
        g_assert_cmpint(g_ascii_strcasecmp(rtsp_a->host, rtsp_b->host), ==, 0);
        g_assert_cmpuint(port_a, ==, port_b);
        g_assert_cmpuint(rtsp_a->transports & GST_RTSP_LOWER_TRANS_TLS, ==,
                         rtsp_b->transports & GST_RTSP_LOWER_TRANS_TLS);
    }
    if (http_a && http_b)
        g_assert_cmpint(g_ascii_strcasecmp(g_uri_get_host(http_a), g_uri_get_host(http_b)), ==, 0);
}

static void check_print(const char *text)
{
    const guint max = PRINT_MAX_PART;
    g_autofree char *clean = print_clean(text, max);

    g_assert_true(g_utf8_validate(clean, -1, NULL));
    g_assert_cmpint(g_utf8_strlen(clean, -1), <=, max + 3);
    for (const char *c = clean; *c; c = g_utf8_next_char(c))
        g_assert_true(g_unichar_isprint(g_utf8_get_char(c)));
}

/* A password with * may arise again from what masks it. */
static void check_mask(char *password, const char *text)
{
    const WatchCredentials credentials = {(char *)"user", password};
    g_autofree char *masked = watch_credentials_mask(&credentials, text);

    if (*password && !strchr(password, '*'))
        g_assert_null(strstr(masked, password));
    check_print(masked);
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    FuzzReader reader = {data, size};
    g_autofree char *password = fuzz_section(&reader);
    g_autofree char *first = fuzz_section(&reader);
    g_autofree char *second = fuzz_section(&reader);

    fuzz_set_fatal();
    check_login(first);
    check_login(second);
    check_origin(first, second);
    check_mask(password, first);
    check_mask(password, second);
    return 0;
}
