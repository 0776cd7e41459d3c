/* Fuzz target: a request to the HTTP server, over a connection of this process to itself.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pipelines/watch/web/server.h"
#include "tests/fuzz/fuzz.h"

#define MAX_TURNS 12 /* of the main loop without an answer */

static WatchServer *server;

/* One path streams. */
static void on_request(guint64 id, const WatchRequestHead *head, gpointer data)
{
    const WatchAnswer answer = {.status = 200, .type = "text/plain", .body = "text", .length = 4};

    g_assert_true(*head->path == '/');
    if (!g_str_has_prefix(head->path, "/events") || !watch_server_stream(server, id, "", ":\n\n"))
        watch_server_answer(server, id, &answer);
}

static struct sockaddr_in start_server(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    GError *error = NULL;
    const char *port;

    server = watch_server_new("127.0.0.1:0", on_request, NULL, &error);
    g_assert_no_error(error);
    port = strrchr(watch_server_url(server), ':') + 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((guint16)g_ascii_strtoull(port, NULL, 10));
    fuzz_set_fatal();
    return address;
}

/* Closing resets the connection, so that the system keeps nothing of it. */
static int connect_client(const struct sockaddr_in *address)
{
    const struct linger reset = {1, 0};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_assert_cmpint(fd, >=, 0);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    g_assert_cmpint(connect(fd, (const struct sockaddr *)address, sizeof *address), ==, 0);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static void turn(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        ;
}

/* The answer is an HTTP status line, and only one of those that the server gives. */
static void check_answer(const char *answer, gsize length)
{
    g_assert_cmpuint(length, >=, 12);
    g_assert_true(g_str_has_prefix(answer, "HTTP/1."));
    g_assert_true(strchr("1245", answer[9]) && answer[8] == ' ');
}

static void read_answer(int fd)
{
    char answer[4096] = "";
    gssize length = -1;

    for (guint i = 0; i < MAX_TURNS && length < 0; i++) {
        turn();
        length = recv(fd, answer, sizeof answer - 1, 0);
        if (length < 0 && errno != EAGAIN)
            return;
    }
    if (length > 0)
        check_answer(answer, (gsize)length);
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    static struct sockaddr_in address;
    static gboolean is_ready;

    if (!is_ready)
        address = start_server();
    is_ready = TRUE;
    const int fd = connect_client(&address);
    if (send(fd, data, size, MSG_NOSIGNAL) == (gssize)size)
        read_answer(fd);
    close(fd);
    turn();
    return 0;
}
