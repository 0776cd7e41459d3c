/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/common/reach.h"

#include <gio/gio.h>

#define PATIENCE_MS 2000

typedef struct Attempt {
    GCancellable *cancellable;
    GTlsCertificateFlags flags; /* what is wrong with the certificate */
    GError *error;
    gboolean is_over;
} Attempt;

static gboolean on_accept(GTlsConnection *connection, GTlsCertificate *certificate,
                          GTlsCertificateFlags flags, gpointer data)
{
    ((Attempt *)data)->flags = flags;
    return FALSE;
}

static void on_event(GSocketClient *client, GSocketClientEvent event, GSocketConnectable *address,
                     GIOStream *connection, gpointer data)
{
    if (event == G_SOCKET_CLIENT_TLS_HANDSHAKING)
        g_signal_connect(connection, "accept-certificate", G_CALLBACK(on_accept), data);
}

static void on_connected(GObject *client, GAsyncResult *result, gpointer data)
{
    Attempt *attempt = data;
    g_autoptr(GSocketConnection) connection =
        g_socket_client_connect_to_uri_finish(G_SOCKET_CLIENT(client), result, &attempt->error);

    attempt->is_over = TRUE;
}

static gboolean on_timeout(gpointer data)
{
    g_cancellable_cancel(((Attempt *)data)->cancellable);
    return G_SOURCE_REMOVE;
}

/* In a main context of its own, because the calling thread may have none, or one that must not
 * run other sources here. */
static void connect_once(GSocketClient *client, const char *uri, guint16 port, Attempt *attempt)
{
    g_autoptr(GMainContext) context = g_main_context_new();
    g_autoptr(GSource) timeout = g_timeout_source_new(PATIENCE_MS);

    g_main_context_push_thread_default(context);
    g_source_set_callback(timeout, on_timeout, attempt, NULL);
    g_source_attach(timeout, context);
    g_signal_connect(client, "event", G_CALLBACK(on_event), attempt);
    g_socket_client_connect_to_uri_async(client, uri, port, attempt->cancellable, on_connected,
                                         attempt);
    while (!attempt->is_over)
        g_main_context_iteration(context, TRUE);
    g_source_destroy(timeout);
    g_main_context_pop_thread_default(context);
}

static const char *explain_certificate(GTlsCertificateFlags flags)
{
    if (flags & G_TLS_CERTIFICATE_EXPIRED)
        return "has expired";
    if (flags & G_TLS_CERTIFICATE_NOT_ACTIVATED)
        return "is not valid yet";
    if (flags & G_TLS_CERTIFICATE_UNKNOWN_CA)
        return "is not signed by an authority that this system trusts";
    if (flags & G_TLS_CERTIFICATE_BAD_IDENTITY)
        return "is for another host";
    return "is not accepted";
}

static char *explain(const Attempt *attempt, const char *host, int port)
{
    const GError *error = attempt->error;

    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED))
        return g_strdup_printf("%s refuses connections to port %d", host, port);
    if (g_error_matches(error, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND))
        return g_strdup_printf("no host has the name %s", host);
    if (error->domain == G_RESOLVER_ERROR)
        return g_strdup_printf("the name server does not answer for %s", host);
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NETWORK_UNREACHABLE) ||
        g_error_matches(error, G_IO_ERROR, G_IO_ERROR_HOST_UNREACHABLE))
        return g_strdup_printf("there is no route to %s", host);
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED) ||
        g_error_matches(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
        return g_strdup_printf("%s does not answer at port %d", host, port);
    if (g_error_matches(error, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE))
        return g_strdup_printf("the TLS certificate of %s %s", host,
                               explain_certificate(attempt->flags));
    if (error->domain == G_TLS_ERROR)
        return g_strdup_printf("%s does not speak TLS at port %d", host, port);
    return g_strdup_printf("cannot connect to %s: %s", host, error->message);
}

/* rtsph:// is RTSP in HTTP, at the port of RTSP. */
static int default_port(const char *scheme, gboolean is_secure)
{
    if (g_str_has_prefix(scheme, "http"))
        return is_secure ? 443 : 80;
    return is_secure ? 322 : 554;
}

char *reach_explain(const char *uri)
{
    const GUriFlags flags = G_URI_FLAGS_PARSE_RELAXED | G_URI_FLAGS_ENCODED;
    g_autoptr(GUri) parts = g_uri_parse(uri, flags, NULL);
    const char *scheme = parts ? g_uri_get_scheme(parts) : "";
    const gboolean is_http = g_str_has_prefix(scheme, "http");
    g_autoptr(GSocketClient) client = NULL;
    g_autofree char *address = NULL, *sentence = NULL;
    Attempt attempt = {0};
    gboolean is_secure;
    int port;

    if (!(is_http || g_str_has_prefix(scheme, "rtsp")) || !g_uri_get_host(parts) ||
        (is_http && g_getenv("http_proxy"))) /* souphttpsrc connects to the proxy instead */
        return NULL;
    is_secure = g_str_has_prefix(scheme, "https") || g_str_has_prefix(scheme, "rtsps");
    port = g_uri_get_port(parts) > 0 ? g_uri_get_port(parts) : default_port(scheme, is_secure);
    address = g_uri_join(flags, scheme, NULL, g_uri_get_host(parts), port, "", NULL, NULL);
    client = g_socket_client_new();
    g_socket_client_set_enable_proxy(client, FALSE);
    g_socket_client_set_tls(client, is_secure);
    attempt.cancellable = g_cancellable_new();
    connect_once(client, address, (guint16)port, &attempt);
    if (attempt.error)
        sentence = explain(&attempt, g_uri_get_host(parts), port);
    g_clear_error(&attempt.error);
    g_object_unref(attempt.cancellable);
    return g_steal_pointer(&sentence);
}
