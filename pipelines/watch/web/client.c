/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/web/client.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>

#define LIFE_MS 10000
#define LOOK_MS 20           /* between looks at a request that is not complete */
#define MAX_QUEUED 65536     /* bytes of a stream that its reader has not read */
#define MAX_DISCARDED 262144 /* bytes that a client sends after its request */
#define SEND_BUFFER 65536    /* bytes that the system queues of what is offered */

struct WatchClient {
    guint64 id;
    const WatchClientHooks *hooks;
    gpointer data;
    GSocketConnection *connection;
    int fd;
    GByteArray *queued; /* to be sent */
    gsize discarded;    /* bytes */
    gboolean is_kept, is_finishing;
    guint look, timeout, reader, writer, closer; /* event sources, or 0 */
};

static void remove_source(guint *source)
{
    if (*source)
        g_source_remove(*source);
    *source = 0;
}

void watch_client_close(WatchClient *client)
{
    client->hooks->closed(client, client->data);
    remove_source(&client->look);
    remove_source(&client->timeout);
    remove_source(&client->reader);
    remove_source(&client->writer);
    remove_source(&client->closer);
    g_io_stream_close(G_IO_STREAM(client->connection), NULL, NULL);
    g_object_unref(client->connection);
    g_byte_array_unref(client->queued);
    g_free(client);
}

static gboolean on_timeout(gpointer data)
{
    WatchClient *client = data;

    client->timeout = 0;
    watch_client_close(client);
    return G_SOURCE_REMOVE;
}

static gboolean on_close(gpointer data)
{
    WatchClient *client = data;

    client->closer = 0;
    watch_client_close(client);
    return G_SOURCE_REMOVE;
}

/* Callers may still use the client, so it closes later. */
static void close_soon(WatchClient *client)
{
    if (!client->closer)
        client->closer = g_idle_add(on_close, client);
}

static gboolean is_later(gssize result)
{
    return result < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
}

/* Receiving */

/* Reads what follows the head of a request, to notice when the client hangs up. Bytes that are not
 * read would reset the connection when it closes, and the answer could get lost. */
static gboolean on_readable(int fd, GIOCondition condition, gpointer data)
{
    WatchClient *client = data;
    char bytes[WATCH_REQUEST_MAX];
    const gssize length = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);

    if (is_later(length))
        return G_SOURCE_CONTINUE;
    if (length > 0 && (client->discarded += (gsize)length) <= MAX_DISCARDED)
        return G_SOURCE_CONTINUE;
    client->reader = 0;
    if (length == 0 && !client->is_kept && (client->queued->len > 0 || !client->is_finishing))
        return G_SOURCE_REMOVE; /* it may still read the answer */
    watch_client_close(client);
    return G_SOURCE_REMOVE;
}

static void refuse_request(WatchClient *client)
{
    static const char answer[] = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n"
                                 "Content-Length: 0\r\n\r\n";

    watch_client_send(client, answer, strlen(answer));
    watch_client_finish(client);
}

/* Looks at a request without taking it from the socket, until it is complete. */
static gboolean look_at_request(gpointer data)
{
    WatchClient *client = data;
    g_autoptr(WatchRequestHead) head = NULL;
    char text[WATCH_REQUEST_MAX];
    const gssize length = recv(client->fd, text, sizeof text, MSG_PEEK | MSG_DONTWAIT);
    const gboolean is_empty = is_later(length);
    const WatchRequest request = watch_request_check(text, (gsize)MAX(length, 0));

    if (is_empty || (length > 0 && request == WATCH_REQUEST_INCOMPLETE))
        return G_SOURCE_CONTINUE;
    client->look = 0;
    if (length <= 0) {
        watch_client_close(client);
        return G_SOURCE_REMOVE;
    }
    client->reader = g_unix_fd_add(client->fd, G_IO_IN | G_IO_HUP | G_IO_ERR, on_readable, client);
    if (request == WATCH_REQUEST_VALID) {
        head = watch_request_parse(text, (gsize)length);
        client->hooks->request(client, head, client->data);
    } else {
        refuse_request(client);
    }
    return G_SOURCE_REMOVE;
}

WatchClient *watch_client_new(GSocketConnection *connection, const WatchClientHooks *hooks,
                              gpointer data)
{
    static guint64 ids;
    WatchClient *client = g_new0(WatchClient, 1);

    client->id = ++ids;
    client->hooks = hooks;
    client->data = data;
    client->connection = g_object_ref(connection);
    client->fd = g_socket_get_fd(g_socket_connection_get_socket(connection));
    client->queued = g_byte_array_new();
    client->timeout = g_timeout_add(LIFE_MS, on_timeout, client);
    return client;
}

void watch_client_start(WatchClient *client)
{
    if (look_at_request(client))
        client->look = g_timeout_add(LOOK_MS, look_at_request, client);
}

guint64 watch_client_id(const WatchClient *client)
{
    return client->id;
}

/* Sending */

/* The client closes its side once it has the end of the answer. */
static void end_answer(WatchClient *client)
{
    shutdown(client->fd, SHUT_WR);
    if (!client->reader)
        close_soon(client);
}

static gboolean on_writable(int fd, GIOCondition condition, gpointer data)
{
    WatchClient *client = data;
    const gssize sent =
        send(fd, client->queued->data, client->queued->len, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (is_later(sent))
        return G_SOURCE_CONTINUE;
    if (sent > 0)
        g_byte_array_remove_range(client->queued, 0, (guint)sent);
    if (sent > 0 && client->queued->len > 0)
        return G_SOURCE_CONTINUE;
    client->writer = 0;
    if (client->is_kept)
        remove_source(&client->timeout);
    if (sent <= 0)
        close_soon(client);
    else if (client->is_finishing)
        end_answer(client);
    return G_SOURCE_REMOVE;
}

static void queue(WatchClient *client, gconstpointer bytes, gsize length)
{
    g_byte_array_append(client->queued, bytes, (guint)length);
    if (!client->writer && length > 0)
        client->writer =
            g_unix_fd_add(client->fd, G_IO_OUT | G_IO_HUP | G_IO_ERR, on_writable, client);
}

void watch_client_send(WatchClient *client, gconstpointer bytes, gsize length)
{
    if (client->is_kept && client->queued->len + length > MAX_QUEUED)
        close_soon(client);
    else
        queue(client, bytes, length);
}

void watch_client_finish(WatchClient *client)
{
    client->is_finishing = TRUE;
    if (client->queued->len == 0)
        end_answer(client);
}

void watch_client_keep(WatchClient *client)
{
    client->is_kept = TRUE;
    remove_source(&client->timeout);
    if (!client->reader) /* it has closed its side */
        close_soon(client);
}

void watch_client_offer(WatchClient *client, gconstpointer bytes, gsize length)
{
    const int buffer = SEND_BUFFER;

    if (!watch_client_is_idle(client) || client->closer)
        return;
    /* The system would queue megabytes, and the client see what is long past. */
    setsockopt(client->fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
    client->timeout = g_timeout_add(LIFE_MS, on_timeout, client);
    queue(client, bytes, length);
}

gboolean watch_client_is_idle(const WatchClient *client)
{
    return client->queued->len == 0;
}
