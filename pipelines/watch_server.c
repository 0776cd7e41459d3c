/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch_server.h"

#ifdef HAVE_SOUP

#include <libsoup/soup.h>
#include <string.h>

#include "pipelines/watch_metrics.h"

struct WatchServer {
    SoupServer *soup;
    WatchServerText text;
    gpointer data;
    char *address;
};

static void on_request(SoupServer *soup, SoupServerMessage *message, const char *path,
                       GHashTable *query, gpointer data)
{
    WatchServer *server = data;
    const char *method = soup_server_message_get_method(message);
    char *text;

    if (strcmp(path, "/metrics") != 0) {
        soup_server_message_set_status(message, SOUP_STATUS_NOT_FOUND, NULL);
    } else if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
        soup_message_headers_replace(soup_server_message_get_response_headers(message), "Allow",
                                     "GET, HEAD");
        soup_server_message_set_status(message, SOUP_STATUS_METHOD_NOT_ALLOWED, NULL);
    } else {
        text = server->text(server->data);
        soup_server_message_set_status(message, SOUP_STATUS_OK, NULL);
        soup_server_message_set_response(message, WATCH_METRICS_TYPE, SOUP_MEMORY_TAKE, text,
                                         strlen(text));
    }
}

/* [ADDRESS:]PORT, where an IPv6 address is in brackets. */
static GSocketAddress *parse(const char *where, GError **error)
{
    const char *colon = strrchr(where, ':');
    const char *digits = colon ? colon + 1 : where;
    gsize length = colon ? (gsize)(colon - where) : 0;
    char *host = colon ? g_strndup(where, length) : g_strdup("127.0.0.1");
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
                    "metrics is '%s', and must be a port, or a numeric address and a port such as "
                    "0.0.0.0:9464",
                    where);
    g_free(host);
    return address;
}

WatchServer *watch_server_new(const char *where, WatchServerText text, gpointer data,
                              GError **error)
{
    GSocketAddress *address = parse(where, error);
    WatchServer *server;
    GSList *uris;
    char *base;

    if (!address)
        return NULL;
    server = g_new0(WatchServer, 1);
    server->soup = soup_server_new("server-header", "convnext-watch", NULL);
    server->text = text;
    server->data = data;
    soup_server_add_handler(server->soup, NULL, on_request, server, NULL);
    if (!soup_server_listen(server->soup, address, 0, error)) {
        g_prefix_error(error, "cannot serve metrics at %s: ", where);
        g_object_unref(address);
        watch_server_free(server);
        return NULL;
    }
    g_object_unref(address);
    uris = soup_server_get_uris(server->soup);
    base = g_uri_to_string(uris->data);
    server->address = g_strconcat(base, "metrics", NULL);
    g_free(base);
    g_slist_free_full(uris, (GDestroyNotify)g_uri_unref);
    return server;
}

void watch_server_free(WatchServer *server)
{
    soup_server_disconnect(server->soup);
    g_object_unref(server->soup);
    g_free(server->address);
    g_free(server);
}

const char *watch_server_address(const WatchServer *server)
{
    return server->address;
}

#else

WatchServer *watch_server_new(const char *where, WatchServerText text, gpointer data,
                              GError **error)
{
    g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_NOSYS,
                        "this convnext-watch was built without libsoup 3 and has no metrics");
    return NULL;
}

void watch_server_free(WatchServer *server) {}

const char *watch_server_address(const WatchServer *server)
{
    return NULL;
}

#endif
