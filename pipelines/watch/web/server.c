/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/web/server.h"

#ifdef HAVE_SOUP

#include <libsoup/soup.h>
#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "pipelines/watch/metrics.h"
#include "pipelines/watch/web/request.h"

/* A scrape takes milliseconds. Connections that do nothing must neither pile up nor use the
 * descriptors that cameras need to reconnect. */
#define MAX_CLIENTS 32
#define LIFE_MS 10000
#define LOOK_MS 20 /* between looks at a request that is not complete */
#define BACKLOG 128
#define RESERVE 256 /* descriptors, or half of all if they are few */

struct WatchServer {
    GSocketService *service;
    SoupServer *soup;
    GQueue clients; /* Client, oldest first */
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

/* A request's body would otherwise be kept in memory, whatever its size. */
static void on_request_headers(SoupServer *soup, SoupServerMessage *message, const char *path,
                               GHashTable *query, gpointer data)
{
    soup_message_body_set_accumulate(soup_server_message_get_request_body(message), FALSE);
}

/* Clients */

typedef struct Client {
    WatchServer *server;
    GIOStream *stream;          /* weak reference */
    GSocketConnection *waiting; /* the stream until libsoup gets it; NULL then */
    guint look;                 /* event source while it waits, or 0 */
    guint timeout;              /* event source, or 0 */
} Client;

static void forget_client(Client *client)
{
    g_queue_remove(&client->server->clients, client);
    if (client->timeout)
        g_source_remove(client->timeout);
    if (client->look)
        g_source_remove(client->look);
    g_free(client);
}

/* libsoup has released the connection. */
static void on_released(gpointer client, GObject *stream)
{
    forget_client(client);
}

static void close_client(Client *client)
{
    g_object_weak_unref(G_OBJECT(client->stream), on_released, client);
    g_io_stream_close(client->stream, NULL, NULL);
    g_clear_object(&client->waiting);
    forget_client(client);
}

static gboolean on_client_timeout(gpointer client)
{
    ((Client *)client)->timeout = 0;
    close_client(client);
    return G_SOURCE_REMOVE;
}

/* libsoup answers. A connection that is closed already has no addresses. */
static void hand_over(Client *client)
{
    g_autoptr(GSocketConnection) connection = g_steal_pointer(&client->waiting);
    g_autoptr(GSocketAddress) local = g_socket_connection_get_local_address(connection, NULL);
    g_autoptr(GSocketAddress) remote = g_socket_connection_get_remote_address(connection, NULL);

    if (local && remote)
        soup_server_accept_iostream(client->server->soup, client->stream, local, remote, NULL);
}

/* The bytes that were received are read first: otherwise closing would reset the connection, and
 * the answer could get lost. */
static void refuse_request(Client *client, int fd)
{
    static const char answer[] = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n"
                                 "Content-Length: 0\r\n\r\n";
    char received[WATCH_REQUEST_MAX];

    for (guint i = 0; i < 16; i++)
        if (recv(fd, received, sizeof received, MSG_DONTWAIT) < (gssize)sizeof received)
            break;
    send(fd, answer, strlen(answer), MSG_DONTWAIT | MSG_NOSIGNAL);
    close_client(client);
}

/* Looks at a request without taking it from the socket. */
static gboolean look_at_request(gpointer data)
{
    Client *client = data;
    const int fd = g_socket_get_fd(g_socket_connection_get_socket(client->waiting));
    char text[WATCH_REQUEST_MAX];
    const gssize length = recv(fd, text, sizeof text, MSG_PEEK | MSG_DONTWAIT);
    const gboolean is_empty = length < 0 && (errno == EAGAIN || errno == EINTR);
    const WatchRequest request = watch_request_check(text, (gsize)MAX(length, 0));

    if (is_empty || (length > 0 && request == WATCH_REQUEST_INCOMPLETE))
        return G_SOURCE_CONTINUE;
    client->look = 0;
    if (length <= 0)
        close_client(client);
    else if (request == WATCH_REQUEST_VALID)
        hand_over(client);
    else
        refuse_request(client, fd);
    return G_SOURCE_REMOVE;
}

static void add_client(WatchServer *server, GSocketConnection *connection)
{
    Client *client = g_new(Client, 1);

    if (g_queue_get_length(&server->clients) >= MAX_CLIENTS)
        close_client(g_queue_peek_head(&server->clients));
    client->server = server;
    client->stream = G_IO_STREAM(connection);
    client->waiting = g_object_ref(connection);
    client->timeout = g_timeout_add(LIFE_MS, on_client_timeout, client);
    client->look = 0;
    g_object_weak_ref(G_OBJECT(connection), on_released, client);
    g_queue_push_tail(&server->clients, client);
    if (look_at_request(client))
        client->look = g_timeout_add(LOOK_MS, look_at_request, client);
}

/* The system gives out the lowest free descriptor, so a high one means that few are left. */
static gboolean is_from_reserve(GSocketConnection *connection)
{
    const int fd = g_socket_get_fd(g_socket_connection_get_socket(connection));
    struct rlimit limit;

    return getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
           (rlim_t)fd + MIN(RESERVE, limit.rlim_cur / 2) >= limit.rlim_cur;
}

/* Connections are accepted here because libsoup 3.2 leaks a socket for each that it accepts. */
static gboolean on_incoming(GSocketService *service, GSocketConnection *connection, GObject *source,
                            gpointer server)
{
    if (is_from_reserve(connection))
        g_io_stream_close(G_IO_STREAM(connection), NULL, NULL);
    else
        add_client(server, connection);
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
    soup_server_add_early_handler(server->soup, NULL, on_request_headers, NULL, NULL);
    soup_server_add_handler(server->soup, NULL, on_request, server, NULL);
    server->service = g_socket_service_new();
    g_socket_listener_set_backlog(G_SOCKET_LISTENER(server->service), BACKLOG);
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
    while (!g_queue_is_empty(&server->clients))
        close_client(g_queue_peek_head(&server->clients));
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
