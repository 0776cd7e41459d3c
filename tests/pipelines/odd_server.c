/* A server for tests that is not a proper camera: speaks as much RTSP and HTTP on localhost as a
 * client needs to be annoyed, at a port that the system picks. Prints its address, HOST:PORT, then
 * the first line and the credentials of each request. Exits after some minutes.
 *
 *     odd-server [--challenge] [--reply STATUS] [--header LINE] [--medias N] [--attribute N]
 *
 * --challenge requires some login first. --reply answers every further request with that status,
 * such as "302 Found", and that header, in which * becomes this server's address; * in the status
 * becomes an escape sequence and 60000 letters. Without it DESCRIBE gets N video streams, the first
 * with an attribute of N bytes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gio/gio.h>
#include <stdlib.h>
#include <string.h>

#define LIFE_S 1200

static gboolean challenge;
static char *reply, *header, *address;
static int medias = 1, attribute;

/* Reads a request up to its empty line and prints it. Returns its first line, its number in
 * *sequence and whether it has credentials in *has_login; NULL at the end of the connection. */
static char *read_request(GDataInputStream *input, char **sequence, gboolean *has_login)
{
    char *request = g_data_input_stream_read_line(input, NULL, NULL, NULL);
    gboolean more = request != NULL;

    *sequence = NULL;
    *has_login = FALSE;
    if (request)
        g_print("%s\n", request);
    while (more) {
        g_autofree char *line = g_data_input_stream_read_line(input, NULL, NULL, NULL);

        more = line && *line;
        if (more && g_ascii_strncasecmp(line, "CSeq:", 5) == 0 && !*sequence)
            *sequence = g_strdup(line);
        if (more && g_ascii_strncasecmp(line, "Authorization:", 14) == 0) {
            *has_login = TRUE;
            g_print("%s\n", line);
        }
    }
    return request;
}

static char *make_description(void)
{
    GString *text = g_string_new("v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n");

    for (int i = 0; i < medias; i++) {
        g_string_append_printf(text,
                               "m=video 0 RTP/AVP 26\r\nc=IN IP4 0.0.0.0\r\na=control:v%d\r\n", i);
        if (i == 0 && attribute) {
            g_autofree char *value = g_strnfill((gsize)attribute, 'A');

            g_string_append_printf(text, "a=fmtp:26 config=%s\r\n", value);
        }
    }
    return g_string_free(text, FALSE);
}

/* The status of a reply and everything behind it, without the CSeq line. */
static char *make_status(const char *request, gboolean has_login)
{
    g_autofree char *description = NULL, *filler = NULL;
    g_auto(GStrv) parts = NULL;

    if (g_str_has_prefix(request, "OPTIONS"))
        return g_strdup("200 OK\r\nPublic: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n");
    if (challenge && !has_login)
        return g_strdup("401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"odd\"\r\n"
                        "Content-Length: 0\r\n");
    if (reply) {
        filler = g_strnfill(60000, 'x');
        memcpy(filler, "\033[31mred\033[0m\a", 13);
        parts = g_strsplit(reply, "*", -1);
        description = g_strjoinv(filler, parts);
        return g_strdup_printf("%s\r\n%s%sContent-Length: 0\r\n", description, header ? header : "",
                               header ? "\r\n" : "");
    }
    if (!g_str_has_prefix(request, "DESCRIBE"))
        return g_strdup("404 Not Found\r\nContent-Length: 0\r\n");
    description = make_description();
    return g_strdup_printf("200 OK\r\nContent-Type: application/sdp\r\nContent-Length: %zu\r\n",
                           strlen(description));
}

/* Runs in a thread of its own. */
static gboolean on_connection(GThreadedSocketService *service, GSocketConnection *connection,
                              GObject *source, gpointer data)
{
    GIOStream *stream = G_IO_STREAM(connection);
    g_autoptr(GDataInputStream) input =
        g_data_input_stream_new(g_io_stream_get_input_stream(stream));
    GOutputStream *output = g_io_stream_get_output_stream(stream);
    gboolean more = TRUE, has_login;

    g_data_input_stream_set_newline_type(input, G_DATA_STREAM_NEWLINE_TYPE_CR_LF);
    while (more) {
        g_autofree char *sequence = NULL, *status = NULL, *body = NULL;
        g_autofree char *request = read_request(input, &sequence, &has_login);

        if (!request)
            break;
        status = make_status(request, has_login);
        body = strstr(status, "application/sdp") ? make_description() : g_strdup("");
        more = g_output_stream_printf(output, NULL, NULL, NULL, "%s %s%s%s\r\n%s",
                                      strstr(request, "HTTP/1.") ? "HTTP/1.1" : "RTSP/1.0", status,
                                      sequence ? sequence : "X: y", "\r\n", body);
    }
    return TRUE;
}

static gboolean on_end(gpointer loop)
{
    g_main_loop_quit(loop);
    return G_SOURCE_REMOVE;
}

int main(int argc, char **argv)
{
    const GOptionEntry entries[] = {
        {"challenge", 0, 0, G_OPTION_ARG_NONE, &challenge, "Require a login", NULL},
        {"reply", 0, 0, G_OPTION_ARG_STRING, &reply, "Status of every further reply", "STATUS"},
        {"header", 0, 0, G_OPTION_ARG_STRING, &header, "A line of its header", "LINE"},
        {"medias", 0, 0, G_OPTION_ARG_INT, &medias, "Video streams of the description", "N"},
        {"attribute", 0, 0, G_OPTION_ARG_INT, &attribute, "Bytes of an attribute", "N"},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    g_autoptr(GSocketService) service = g_threaded_socket_service_new(10);
    guint16 port;

    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, NULL))
        return EXIT_FAILURE;
    port = g_socket_listener_add_any_inet_port(G_SOCKET_LISTENER(service), NULL, NULL);
    if (!port)
        return EXIT_FAILURE;
    g_signal_connect(service, "run", G_CALLBACK(on_connection), NULL);
    address = g_strdup_printf("127.0.0.1:%u", port);
    if (header) {
        g_auto(GStrv) parts = g_strsplit(header, "*", -1);

        header = g_strjoinv(address, parts);
    }
    g_print("%s\n", address);
    g_timeout_add_seconds(LIFE_S, on_end, loop);
    g_main_loop_run(loop);
    g_socket_service_stop(service);
    return EXIT_SUCCESS;
}
