/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/web/server.h"

#include <string.h>
#include <sys/resource.h>

#include "pipelines/watch/web/client.h"

/* An answer takes milliseconds. Connections that do nothing must neither pile up nor use the
 * descriptors that cameras need to reconnect. */
#define MAX_CLIENTS 32
#define MAX_STREAMS 32
#define HEARTBEAT_S 15
#define BACKLOG 128
#define RESERVE 256 /* descriptors, or half of all if they are few */

struct WatchServer {
    GSocketService *service;
    GQueue clients; /* WatchClient, oldest first */
    GQueue streams; /* likewise, of events */
    GQueue films;   /* likewise */
    guint heartbeat;
    WatchServerFunc func;
    gpointer data;
    char *url;
    gboolean is_local;
};

/* Clients */

static void on_client_request(WatchClient *client, const WatchRequestHead *head, gpointer data)
{
    WatchServer *server = data;

    server->func(watch_client_id(client), head, server->data);
}

static void on_client_closed(WatchClient *client, gpointer data)
{
    WatchServer *server = data;

    if (!g_queue_remove(&server->clients, client) && !g_queue_remove(&server->streams, client))
        g_queue_remove(&server->films, client);
}

static const WatchClientHooks hooks = {on_client_request, on_client_closed};

static void add_client(WatchServer *server, GSocketConnection *connection)
{
    if (g_queue_get_length(&server->clients) >= MAX_CLIENTS)
        watch_client_close(g_queue_peek_head(&server->clients));
    WatchClient *client = watch_client_new(connection, &hooks, server);
    g_queue_push_tail(&server->clients, client);
    watch_client_start(client);
}

/* The system gives out the lowest free descriptor, so a high one means that few are left. */
static gboolean is_from_reserve(GSocketConnection *connection)
{
    const int fd = g_socket_get_fd(g_socket_connection_get_socket(connection));
    struct rlimit limit;

    return getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
           (rlim_t)fd + MIN(RESERVE, limit.rlim_cur / 2) >= limit.rlim_cur;
}

static gboolean on_incoming(GSocketService *service, GSocketConnection *connection, GObject *source,
                            gpointer server)
{
    if (is_from_reserve(connection))
        g_io_stream_close(G_IO_STREAM(connection), NULL, NULL);
    else
        add_client(server, connection);
    return TRUE;
}

static WatchClient *find_client(const GQueue *clients, guint64 id)
{
    for (const GList *item = clients->head; item; item = item->next) {
        if (watch_client_id(item->data) == id)
            return item->data;
    }
    return NULL;
}

/* Answers */

static const char *status_text(guint status)
{
    static const struct {
        guint status;
        const char *text;
    } texts[] = {{200, "OK"},
                 {400, "Bad Request"},
                 {401, "Unauthorized"},
                 {403, "Forbidden"},
                 {404, "Not Found"},
                 {405, "Method Not Allowed"},
                 {503, "Service Unavailable"}};

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        if (texts[i].status == status)
            return texts[i].text;
    g_assert_not_reached();
}

void watch_server_answer(WatchServer *server, guint64 id, const WatchAnswer *answer)
{
    WatchClient *client = find_client(&server->clients, id);
    g_autofree char *head = NULL;

    if (!client)
        return;
    head = g_strdup_printf("HTTP/1.1 %u %s\r\nServer: convnext-watch\r\nConnection: close\r\n"
                           "Content-Type: %s\r\nContent-Length: %" G_GSIZE_FORMAT "\r\n%s\r\n",
                           answer->status, status_text(answer->status), answer->type,
                           answer->length, answer->headers ? answer->headers : "");
    watch_client_send(client, head, strlen(head));
    if (!answer->has_no_body)
        watch_client_send(client, answer->body, answer->length);
    watch_client_finish(client);
}

/* Moves a client to a queue of streams, and sends the head and the first bytes. */
static gboolean begin_stream(WatchServer *server, GQueue *streams, guint64 id, const char *type,
                             const char *headers, gconstpointer first, gsize length)
{
    WatchClient *client = find_client(&server->clients, id);
    g_autoptr(GString) text = NULL;

    if (!client)
        return TRUE;
    if (g_queue_get_length(&server->streams) + g_queue_get_length(&server->films) >= MAX_STREAMS)
        return FALSE;
    g_queue_remove(&server->clients, client);
    g_queue_push_tail(streams, client);
    text = g_string_new("HTTP/1.1 200 OK\r\nServer: convnext-watch\r\nConnection: close\r\n");
    g_string_append_printf(text, "Content-Type: %s\r\n%s\r\n", type, headers);
    g_string_append_len(text, first, (gssize)length);
    watch_client_keep(client);
    watch_client_offer(client, text->str, text->len);
    return TRUE;
}

gboolean watch_server_stream(WatchServer *server, guint64 id, const char *headers, const char *text)
{
    return begin_stream(server, &server->streams, id, "text/event-stream", headers, text,
                        strlen(text));
}

void watch_server_publish(WatchServer *server, const char *text)
{
    GList *next;

    for (GList *item = server->streams.head; item; item = next) {
        next = item->next; /* sending may close the client */
        watch_client_send(item->data, text, strlen(text));
    }
}

gboolean watch_server_film(WatchServer *server, guint64 id, const char *type, const char *headers,
                           gconstpointer first, gsize length)
{
    return begin_stream(server, &server->films, id, type, headers, first, length);
}

WatchViewer watch_server_viewer(WatchServer *server, guint64 id)
{
    const WatchClient *client = find_client(&server->films, id);

    if (!client)
        return WATCH_VIEWER_GONE;
    return watch_client_is_idle(client) ? WATCH_VIEWER_READY : WATCH_VIEWER_BUSY;
}

void watch_server_offer(WatchServer *server, guint64 id, gconstpointer bytes, gsize length)
{
    WatchClient *client = find_client(&server->films, id);

    if (client)
        watch_client_offer(client, bytes, length);
}

void watch_server_end_film(WatchServer *server, guint64 id)
{
    WatchClient *client = find_client(&server->films, id);

    if (client)
        watch_client_close(client);
}

static gboolean on_heartbeat(gpointer server)
{
    watch_server_publish(server, ":\n\n");
    return G_SOURCE_CONTINUE;
}

/* The server */

static char *make_url(GInetSocketAddress *bound)
{
    GInetAddress *host = g_inet_socket_address_get_address(bound);
    g_autofree char *name = g_inet_address_to_string(host);
    const gboolean is_ipv6 = g_inet_address_get_family(host) == G_SOCKET_FAMILY_IPV6;

    return g_strdup_printf(is_ipv6 ? "http://[%s]:%u" : "http://%s:%u", name,
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

WatchServer *watch_server_new(const char *where, WatchServerFunc func, gpointer data,
                              GError **error)
{
    g_autoptr(GSocketAddress) address = parse_address(where, error), bound = NULL;
    WatchServer *server;

    if (!address)
        return NULL;
    server = g_new0(WatchServer, 1);
    server->func = func;
    server->data = data;
    server->heartbeat = g_timeout_add_seconds(HEARTBEAT_S, on_heartbeat, server);
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
    server->is_local = g_inet_address_get_is_loopback(
        g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(bound)));
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
    g_source_remove(server->heartbeat);
    while (!g_queue_is_empty(&server->clients))
        watch_client_close(g_queue_peek_head(&server->clients));
    while (!g_queue_is_empty(&server->streams))
        watch_client_close(g_queue_peek_head(&server->streams));
    while (!g_queue_is_empty(&server->films))
        watch_client_close(g_queue_peek_head(&server->films));
    g_free(server->url);
    g_free(server);
}

const char *watch_server_url(const WatchServer *server)
{
    return server->url;
}

gboolean watch_server_is_local(const WatchServer *server)
{
    return server->is_local;
}
