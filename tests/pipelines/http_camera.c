/* A camera for tests: serves pictures as MJPEG over HTTP on localhost, each a part of a multipart
 * body, at a port that the system picks. Prints its URL; any other path gets 404. Exits after a few
 * minutes.
 *
 *     http-camera [--login BASE64] FILE...     loops over the files, ten per second
 *
 * --login requires these credentials of HTTP's Basic scheme, and redirects /moved to the video.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gio/gio.h>
#include <stdlib.h>

#define PAUSE_US 100000
#define LIFE_S 1200

static char *login;

/* The status of the reply to a request for this path. */
static const char *find_status(const char *request, gboolean is_authorized)
{
    if (login && !is_authorized)
        return "401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"camera\"";
    if (login && g_str_has_prefix(request, "GET /moved "))
        return "302 Found\r\nlocation: video.mjpg";
    if (g_str_has_prefix(request, "GET /video.mjpg "))
        return "200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=picture";
    return "404 Not Found";
}

static gboolean send_picture(GOutputStream *output, GBytes *picture)
{
    gsize size;
    const void *data = g_bytes_get_data(picture, &size);

    return g_output_stream_printf(output, NULL, NULL, NULL,
                                  "--picture\r\nContent-Type: image/jpeg\r\n"
                                  "Content-Length: %zu\r\n\r\n",
                                  size) &&
           g_output_stream_write_all(output, data, size, NULL, NULL, NULL) &&
           g_output_stream_write_all(output, "\r\n", 2, NULL, NULL, NULL);
}

/* Runs in a separate thread. */
static gboolean on_connection(GThreadedSocketService *service, GSocketConnection *connection,
                              GObject *source, gpointer data)
{
    GPtrArray *pictures = data;
    GIOStream *stream = G_IO_STREAM(connection);
    g_autoptr(GDataInputStream) input =
        g_data_input_stream_new(g_io_stream_get_input_stream(stream));
    GOutputStream *output = g_io_stream_get_output_stream(stream);
    g_autofree char *request = NULL;
    const char *status;
    gboolean is_authorized = FALSE, more = TRUE;

    g_data_input_stream_set_newline_type(input, G_DATA_STREAM_NEWLINE_TYPE_CR_LF);
    while (more) {
        g_autofree char *line = g_data_input_stream_read_line(input, NULL, NULL, NULL);

        more = line && *line;
        is_authorized |= more && login && g_str_has_prefix(line, "Authorization: Basic ") &&
                         g_str_has_suffix(line, login);
        if (!request)
            request = g_steal_pointer(&line);
    }
    status = find_status(request ? request : "", is_authorized);
    more = g_output_stream_printf(output, NULL, NULL, NULL, "HTTP/1.0 %s\r\n\r\n", status) &&
           g_str_has_prefix(status, "200");
    for (guint i = 0; more; i++) {
        more = send_picture(output, pictures->pdata[i % pictures->len]);
        g_usleep(PAUSE_US);
    }
    return TRUE;
}

static gboolean on_end(gpointer loop)
{
    g_main_loop_quit(loop);
    return G_SOURCE_REMOVE;
}

static gboolean serve(GPtrArray *pictures)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    g_autoptr(GSocketService) service = g_threaded_socket_service_new(10);
    const guint16 port =
        g_socket_listener_add_any_inet_port(G_SOCKET_LISTENER(service), NULL, NULL);

    if (port) {
        g_signal_connect(service, "run", G_CALLBACK(on_connection), pictures);
        g_print("http://127.0.0.1:%u/video.mjpg\n", port);
        g_timeout_add_seconds(LIFE_S, on_end, loop);
        g_main_loop_run(loop);
        g_socket_service_stop(service);
    }
    return port != 0;
}

int main(int argc, char **argv)
{
    g_autoptr(GPtrArray) pictures = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    char *text;
    gsize size;

    if (argc > 2 && g_str_equal(argv[1], "--login")) {
        login = argv[2];
        argc -= 2;
        argv += 2;
    }
    gboolean ok = argc > 1;
    for (int i = 1; ok && i < argc; i++) {
        ok = g_file_get_contents(argv[i], &text, &size, NULL);
        if (ok)
            g_ptr_array_add(pictures, g_bytes_new_take(text, size));
    }
    ok = ok && serve(pictures);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
