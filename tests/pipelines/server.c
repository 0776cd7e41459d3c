/* The HTTP server's streams: every reader gets what is published, and one that reads nothing is
 * closed without harm to the others.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/web/server.h"

#include <errno.h>
#include <gio/gio.h>
#include <string.h>

#define PUBLISHED (8 << 20) /* bytes, more than the system's buffers of a socket take */
#define PART 32768          /* bytes published at a time */

static WatchServer *server;

static void on_request(guint64 id, const WatchRequestHead *head, gpointer data)
{
    g_assert_cmpstr(head->path, ==, "/events");
    g_assert_true(watch_server_stream(server, id, "", "first\n"));
    ++*(guint *)data;
}

static GSocketConnection *open_stream(guint *opened)
{
    static const char request[] = "GET /events HTTP/1.1\r\n\r\n";
    const char *port = strrchr(watch_server_url(server), ':') + 1;
    const guint before = *opened;
    g_autoptr(GSocketClient) client = g_socket_client_new();
    GSocketConnection *connection = g_socket_client_connect_to_host(
        client, "127.0.0.1", (guint16)g_ascii_strtoull(port, NULL, 10), NULL, NULL);

    g_assert_nonnull(connection);
    g_socket_send(g_socket_connection_get_socket(connection), request, sizeof request - 1, NULL,
                  NULL);
    while (*opened == before)
        g_main_context_iteration(NULL, TRUE);
    g_socket_set_blocking(g_socket_connection_get_socket(connection), FALSE);
    return connection;
}

/* Adds what has arrived to *length. Returns whether the stream is still open. */
static gboolean read_stream(GSocketConnection *connection, gsize *length)
{
    char bytes[65536];
    g_autoptr(GError) error = NULL;
    gssize result;

    while ((result = g_socket_receive(g_socket_connection_get_socket(connection), bytes,
                                      sizeof bytes, NULL, &error)) > 0)
        *length += (gsize)result;
    return g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
}

int main(void)
{
    g_autofree char *part = g_strnfill(PART, 'x');
    g_autoptr(GSocketConnection) reader = NULL, sleeper = NULL;
    guint opened = 0;
    gsize read = 0, slept = 0;

    server = watch_server_new("0", on_request, &opened, NULL);
    g_assert_nonnull(server);
    g_assert_true(watch_server_is_local(server));
    reader = open_stream(&opened);
    sleeper = open_stream(&opened);
    for (gsize published = 0; published < PUBLISHED; published += PART) {
        const gsize expected = published + PART;

        watch_server_publish(server, part);
        while (read < expected) {
            g_main_context_iteration(NULL, FALSE);
            g_assert_true(read_stream(reader, &read));
        }
    }
    while (g_main_context_iteration(NULL, FALSE))
        ;
    g_assert_cmpuint(read, >, PUBLISHED);
    g_assert_false(read_stream(sleeper, &slept));
    g_assert_cmpuint(slept, <, PUBLISHED);
    watch_server_free(server);
    return 0;
}
