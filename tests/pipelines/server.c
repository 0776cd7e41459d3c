/* The HTTP server's streams: every reader gets what is published, and one that reads nothing is
 * closed without harm to the others. Films: a slow viewer gets fewer parts, each of them whole.
 * A client that closes its sending side before it has its answer.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/web/server.h"

#include <errno.h>
#include <gio/gio.h>
#include <string.h>

#define PUBLISHED (8 << 20) /* bytes, more than the system's buffers of a socket take */
#define PART 32768          /* bytes published at a time */
#define FILM_PART 500000    /* bytes */
#define FILM_PARTS 40

static WatchServer *server;

static guint64 last_id; /* of a request */

static void on_request(guint64 id, const WatchRequestHead *head, gpointer data)
{
    last_id = id;
    if (g_str_equal(head->path, "/events"))
        g_assert_true(watch_server_stream(server, id, "", "first\n"));
    else if (g_str_equal(head->path, "/film"))
        g_assert_true(watch_server_film(server, id, "text/plain", "", "", 0));
    ++*(guint *)data;
}

static GSocketConnection *open_path(const char *path, guint *opened)
{
    g_autofree char *request = g_strdup_printf("GET %s HTTP/1.1\r\n\r\n", path);
    const char *port = strrchr(watch_server_url(server), ':') + 1;
    const guint before = *opened;
    g_autoptr(GSocketClient) client = g_socket_client_new();
    GSocketConnection *connection = g_socket_client_connect_to_host(
        client, "127.0.0.1", (guint16)g_ascii_strtoull(port, NULL, 10), NULL, NULL);

    g_assert_nonnull(connection);
    g_socket_send(g_socket_connection_get_socket(connection), request, strlen(request), NULL, NULL);
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

static void test_streams(guint *opened)
{
    g_autofree char *part = g_strnfill(PART, 'x');
    g_autoptr(GSocketConnection) reader = open_path("/events", opened);
    g_autoptr(GSocketConnection) sleeper = open_path("/events", opened);
    gsize read = 0, slept = 0;

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
}

/* Reads until a viewer of a film has this state. */
static void read_until(GSocketConnection *viewer, guint64 id, WatchViewer state, gsize *length)
{
    while (watch_server_viewer(server, id) != state) {
        g_main_context_iteration(NULL, FALSE);
        if (viewer)
            g_assert_true(read_stream(viewer, length));
    }
}

static void test_films(guint *opened)
{
    g_autofree char *part = g_strnfill(FILM_PART, 'x');
    g_autoptr(GSocketConnection) reader = open_path("/film", opened), sleeper = NULL;
    const guint64 id = last_id;
    guint64 slow_id;
    guint taken = 0;
    gsize read = 0, slept = 0;

    sleeper = open_path("/film", opened);
    slow_id = last_id;
    read_until(reader, id, WATCH_VIEWER_READY, &read);
    read_until(NULL, slow_id, WATCH_VIEWER_READY, NULL);
    read = 0;
    for (guint i = 1; i <= FILM_PARTS; i++) {
        taken += watch_server_viewer(server, slow_id) == WATCH_VIEWER_READY;
        watch_server_offer(server, slow_id, part, FILM_PART);
        watch_server_offer(server, id, part, FILM_PART);
        read_until(reader, id, WATCH_VIEWER_READY, &read);
    }
    while (read < FILM_PARTS * FILM_PART)
        g_assert_true(read_stream(reader, &read));
    g_assert_cmpuint(taken, <, FILM_PARTS);
    g_assert_cmpint(watch_server_viewer(server, slow_id), ==, WATCH_VIEWER_BUSY);
    read_until(sleeper, slow_id, WATCH_VIEWER_READY, &slept);
    while (slept < taken * FILM_PART)
        g_assert_true(read_stream(sleeper, &slept));
    g_assert_cmpuint(slept, <, taken * FILM_PART + 200); /* the head */
    watch_server_end_film(server, id);
    g_assert_false(read_stream(reader, &read));
    g_object_unref(g_steal_pointer(&sleeper));
    read_until(NULL, slow_id, WATCH_VIEWER_GONE, NULL);
}

static void test_half_closed(guint *opened)
{
    static const WatchAnswer answer = {200, "text/plain", NULL, "late", 4, FALSE};
    g_autoptr(GSocketConnection) client = open_path("/later", opened);
    GSocket *socket = g_socket_connection_get_socket(client);
    char text[1024] = "";
    gsize length = 0;

    g_assert_true(g_socket_shutdown(socket, FALSE, TRUE, NULL));
    for (guint i = 0; i < 10; i++) /* the server takes the request, then its end */
        g_main_context_iteration(NULL, FALSE);
    watch_server_answer(server, last_id, &answer);
    while (!g_str_has_suffix(text, "late")) {
        gssize received;

        g_main_context_iteration(NULL, FALSE);
        received = g_socket_receive(socket, text + length, sizeof text - 1 - length, NULL, NULL);
        g_assert_cmpint(received, !=, 0);
        length += (gsize)MAX(received, 0);
    }
}

int main(void)
{
    guint opened = 0;

    server = watch_server_new("0", on_request, &opened, NULL);
    g_assert_nonnull(server);
    g_assert_true(watch_server_is_local(server));
    test_streams(&opened);
    test_films(&opened);
    test_half_closed(&opened);
    watch_server_free(server);
    return 0;
}
