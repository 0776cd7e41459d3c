/* A camera for tests: speaks RTSP on localhost at a port that the system picks, and prints its URL.
 * Takes two seconds to answer DESCRIBE, and hangs up after PLAY, before the first frame. Exits
 * after a few minutes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gio/gio.h>
#include <stdio.h>
#include <string.h>

#define LIFE_S 1200

static const char description[] = "v=0\r\n"
                                  "o=- 0 0 IN IP4 127.0.0.1\r\n"
                                  "s=-\r\n"
                                  "t=0 0\r\n"
                                  "m=video 0 RTP/AVP 26\r\n"
                                  "c=IN IP4 0.0.0.0\r\n"
                                  "a=control:video\r\n";

/* Reads a request up to its empty line. Returns its first line, and its CSeq in *sequence; NULL at
 * the end of the connection. */
static char *read_request(GDataInputStream *input, int *sequence)
{
    char *request = g_data_input_stream_read_line(input, NULL, NULL, NULL);
    gboolean more = request != NULL;

    while (more) {
        g_autofree char *line = g_data_input_stream_read_line(input, NULL, NULL, NULL);

        more = line && *line;
        if (more)
            sscanf(line, "CSeq: %d", sequence);
    }
    return request;
}

/* The reply to a request, without its first two lines. */
static char *make_reply(const char *request)
{
    if (g_str_has_prefix(request, "OPTIONS"))
        return g_strdup("Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n\r\n");
    if (g_str_has_prefix(request, "DESCRIBE"))
        return g_strdup_printf("Content-Type: application/sdp\r\nContent-Length: %zu\r\n\r\n%s",
                               strlen(description), description);
    if (g_str_has_prefix(request, "SETUP"))
        return g_strdup("Session: 1\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n");
    return g_strdup("Session: 1\r\n\r\n");
}

/* Runs in a separate thread. */
static gboolean on_connection(GThreadedSocketService *service, GSocketConnection *connection,
                              GObject *source, gpointer data)
{
    GIOStream *stream = G_IO_STREAM(connection);
    g_autoptr(GDataInputStream) input =
        g_data_input_stream_new(g_io_stream_get_input_stream(stream));
    int sequence = 0;
    gboolean more = TRUE;

    g_data_input_stream_set_newline_type(input, G_DATA_STREAM_NEWLINE_TYPE_CR_LF);
    while (more) {
        g_autofree char *request = read_request(input, &sequence), *reply = NULL;

        if (!request)
            break;
        if (g_str_has_prefix(request, "DESCRIBE"))
            g_usleep(2 * G_USEC_PER_SEC);
        reply = make_reply(request);
        more = g_output_stream_printf(g_io_stream_get_output_stream(stream), NULL, NULL, NULL,
                                      "RTSP/1.0 200 OK\r\nCSeq: %d\r\n%s", sequence, reply) &&
               !g_str_has_prefix(request, "PLAY");
    }
    return TRUE;
}

static gboolean on_end(gpointer loop)
{
    g_main_loop_quit(loop);
    return G_SOURCE_REMOVE;
}

int main(void)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    g_autoptr(GSocketService) service = g_threaded_socket_service_new(10);
    g_autoptr(GInetAddress) loopback = g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);
    g_autoptr(GSocketAddress) address = g_inet_socket_address_new(loopback, 0), bound = NULL;

    if (!g_socket_listener_add_address(G_SOCKET_LISTENER(service), address, G_SOCKET_TYPE_STREAM,
                                       G_SOCKET_PROTOCOL_TCP, NULL, &bound, NULL)) {
        g_printerr("cannot listen on localhost\n");
        return 1;
    }
    g_signal_connect(service, "run", G_CALLBACK(on_connection), NULL);
    g_print("rtsp://127.0.0.1:%d/live\n",
            g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(bound)));
    g_timeout_add_seconds(LIFE_S, on_end, loop);
    g_main_loop_run(loop);
    g_socket_service_stop(service);
    return 0;
}
