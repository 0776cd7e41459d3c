/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/server.h"

#ifdef HAVE_SOUP

#include <libsoup/soup.h>
#include <string.h>

#include "pipelines/watch/metrics.h"

struct WatchServer {
    GSocketService *service;
    SoupServer *soup;
    WatchServerText text;
    gpointer data;
    char *url;
};

static void on_request(SoupServer *soup, SoupServerMessage *message, const char *path,
                       GHashTable *query, gpointer data)
{
    WatchServer *server = data;
    const char *method = soup_server_message_get_method(message);
    SoupMessageHeaders *headers = soup_server_message_get_response_headers(message);
    char *text;

    /* libsoup 3.2 leaks an idle connection that the client closes. */
    soup_message_headers_replace(headers, "Connection", "close");

    if (strcmp(path, "/metrics") != 0) {
        soup_server_message_set_status(message, SOUP_STATUS_NOT_FOUND, NULL);
    } else if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
        soup_message_headers_replace(headers, "Allow", "GET, HEAD");
        soup_server_message_set_status(message, SOUP_STATUS_METHOD_NOT_ALLOWED, NULL);
    } else {
        text = server->text(server->data);
        soup_server_message_set_status(message, SOUP_STATUS_OK, NULL);
        soup_server_message_set_response(message, WATCH_METRICS_TYPE, SOUP_MEMORY_TAKE, text,
                                         strlen(text));
    }
}

/* Connections are accepted here because libsoup 3.2 leaks a socket for each one that it accepts. */
static gboolean on_incoming(GSocketService *service, GSocketConnection *connection, GObject *source,
                            gpointer data)
{
    WatchServer *server = data;
    g_autoptr(GSocketAddress) local = g_socket_connection_get_local_address(connection, NULL);
    g_autoptr(GSocketAddress) remote = g_socket_connection_get_remote_address(connection, NULL);

    /* A connection that has already been closed has no addresses. */
    if (local && remote)
        soup_server_accept_iostream(server->soup, G_IO_STREAM(connection), local, remote, NULL);
    return TRUE;
}

static char *make_url(GInetSocketAddress *bound)
{
    GInetAddress *host = g_inet_socket_address_get_address(bound);
    g_autofree char *name = g_inet_address_to_string(host);
    const gboolean is_ipv6 = g_inet_address_get_family(host) == G_SOCKET_FAMILY_IPV6;

    return g_strdup_printf(is_ipv6 ? "http://[%s]:%u/metrics" : "http://%s:%u/metrics", name,
                           g_inet_socket_address_get_port(bound));
}

/* where: [ADDRESS:]PORT, with an IPv6 address in brackets. */
static GSocketAddress *parse_address(const char *where, GError **error)
{
    const char *colon = strrchr(where, ':');
    const char *digits = colon ? colon + 1 : where;
    const gsize length = colon ? (gsize)(colon - where) : 0;
    g_autofree char *host = colon ? g_strndup(where, length) : g_strdup("127.0.0.1");
    GSocketAddress *address = NULL;
    guint64 port;

    if (length > 2 && host[0] == '[' && host[length - 1] == ']') {
        host[length - 1] = '\0';
        memmove(host, host + 1, length - 1);
    }
    if (g_ascii_string_to_unsigned(digits, 10, 0, 65535, &port, NULL))
        address = g_inet_socket_address_new_from_string(host, (guint)port);
    if (!address)
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                    "metrics is '%s', expected a port, or a numeric address and a port, such as "
                    "0.0.0.0:9464",
                    where);
    return address;
}

WatchServer *watch_server_new(const char *where, WatchServerText text, gpointer data,
                              GError **error)
{
    g_autoptr(GSocketAddress) address = parse_address(where, error), bound = NULL;
    WatchServer *server;

    if (!address)
        return NULL;
    server = g_new0(WatchServer, 1);
    server->soup = soup_server_new("server-header", "convnext-watch", NULL);
    server->text = text;
    server->data = data;
    soup_server_add_handler(server->soup, NULL, on_request, server, NULL);
    server->service = g_socket_service_new();
    g_signal_connect(server->service, "incoming", G_CALLBACK(on_incoming), server);
    if (!g_socket_listener_add_address(G_SOCKET_LISTENER(server->service), address,
                                       G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL, &bound,
                                       error)) {
        g_prefix_error(error, "cannot serve metrics at %s: ", where);
        watch_server_free(server);
        return NULL;
    }
    server->url = make_url(G_INET_SOCKET_ADDRESS(bound));
    return server;
}

gboolean watch_server_is_taken(const GError *error)
{
    return g_error_matches(error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE);
}

void watch_server_free(WatchServer *server)
{
    g_socket_service_stop(server->service);
    g_socket_listener_close(G_SOCKET_LISTENER(server->service));
    g_object_unref(server->service);
    soup_server_disconnect(server->soup);
    g_object_unref(server->soup);
    g_free(server->url);
    g_free(server);
}

const char *watch_server_url(const WatchServer *server)
{
    return server->url;
}

#else

WatchServer *watch_server_new(const char *where, WatchServerText text, gpointer data,
                              GError **error)
{
    g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_NOSYS,
                        "convnext-watch was built without libsoup 3 and cannot serve metrics");
    return NULL;
}

gboolean watch_server_is_taken(const GError *error)
{
    return FALSE;
}

void watch_server_free(WatchServer *server) {}

const char *watch_server_url(const WatchServer *server)
{
    return NULL;
}

#endif
