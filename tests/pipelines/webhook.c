/* Events sent to a server: in order, again after failures, and never more than the queue holds.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/alarms/webhook.h"

#include <libsoup/soup.h>
#include <string.h>

typedef struct Server {
    SoupServer *soup;
    char *url;
    GString *received;     /* the causes of the events that were accepted */
    const guint *statuses; /* of the next answers, ending with 0; then 200 */
    guint requests;
} Server;

static void on_request(SoupServer *soup, SoupServerMessage *message, const char *path,
                       GHashTable *query, gpointer data)
{
    Server *server = data;
    const guint status = *server->statuses ? *server->statuses++ : SOUP_STATUS_OK;
    SoupMessageBody *body = soup_server_message_get_request_body(message);
    g_autoptr(GBytes) bytes = soup_message_body_flatten(body);
    g_autofree char *json = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    const char *cause = strstr(json, "\"cause\":\"");

    server->requests++;
    g_assert_cmpstr(soup_server_message_get_method(message), ==, "POST");
    g_assert_cmpstr(path, ==, "/T0/secret");
    g_assert_cmpstr(soup_message_headers_get_content_type(
                        soup_server_message_get_request_headers(message), NULL),
                    ==, "application/json");
    if (status < 300)
        g_string_append_c(server->received, cause[strlen("\"cause\":\"")]);
    soup_server_message_set_status(message, status, NULL);
    if (status == SOUP_STATUS_FOUND)
        soup_server_message_set_redirect(message, status, "/elsewhere");
}

static Server *new_server(const guint *statuses)
{
    Server *server = g_new0(Server, 1);
    g_autoptr(GError) error = NULL;
    GSList *uris;

    server->received = g_string_new(NULL);
    server->statuses = statuses;
    server->soup = soup_server_new(NULL, NULL);
    soup_server_add_handler(server->soup, NULL, on_request, server, NULL);
    soup_server_listen_local(server->soup, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error);
    g_assert_no_error(error);
    uris = soup_server_get_uris(server->soup);
    server->url = g_strdup_printf("http://127.0.0.1:%d/T0/secret", g_uri_get_port(uris->data));
    g_slist_free_full(uris, (GDestroyNotify)g_uri_unref);
    return server;
}

static void free_server(Server *server)
{
    soup_server_disconnect(server->soup);
    g_object_unref(server->soup);
    g_string_free(server->received, TRUE);
    g_free(server->url);
    g_free(server);
}

static void add(WatchWebhook *webhook, const Server *server, const char *causes)
{
    for (; *causes; causes++) {
        const char cause[] = {*causes, '\0'};
        g_autoptr(WatchEvent) event = watch_event_new("camera-lost", "door", 0);

        watch_event_add_text(event, "cause", cause);
        watch_webhook_add(webhook, server->url, event);
    }
}

static void wait_for(WatchWebhook *webhook)
{
    while (watch_webhook_is_busy(webhook))
        g_main_context_iteration(NULL, TRUE);
}

static void test_order(void)
{
    const guint statuses[] = {200, 204, 503, 429, 404, 302, 0};
    Server *server = new_server(statuses);
    WatchWebhook *webhook = watch_webhook_new(10, 10);

    add(webhook, server, "abcdef");
    wait_for(webhook);
    g_assert_cmpstr(server->received->str, ==,
                    "abef"); /* c is refused at last, d leads elsewhere */
    g_assert_cmpuint(server->requests, ==, 8);
    watch_webhook_free(webhook);
    free_server(server);
}

/* A server that cannot be reached, and then can. */
static void test_full(void)
{
    const guint statuses[] = {0};
    Server *server = new_server(statuses);
    WatchWebhook *webhook = watch_webhook_new(10, 2);
    g_autoptr(GSocketAddress) address = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GUri) uri = g_uri_parse(server->url, SOUP_HTTP_URI_FLAGS, NULL);

    soup_server_disconnect(server->soup);
    add(webhook, server, "abcde"); /* a is being sent */
    for (int i = 0; i < 20; i++)
        g_main_context_iteration(NULL, FALSE);
    address = g_inet_socket_address_new_from_string("127.0.0.1", (guint)g_uri_get_port(uri));
    soup_server_listen(server->soup, address, 0, &error);
    g_assert_no_error(error);
    wait_for(webhook);
    g_assert_cmpuint(server->received->len, <=, 3);
    g_assert_true(g_str_has_suffix(server->received->str, "de"));
    watch_webhook_free(webhook);
    free_server(server);
}

/* The program ends while a server is silent. */
static void test_free(void)
{
    g_autoptr(GSocketListener) listener = g_socket_listener_new();
    const guint16 port = g_socket_listener_add_any_inet_port(listener, NULL, NULL);
    WatchWebhook *webhook = watch_webhook_new(10, 10);
    Server server = {.url = g_strdup_printf("http://127.0.0.1:%u/", port)};

    add(webhook, &server, "ab");
    for (int i = 0; i < 20; i++)
        g_main_context_iteration(NULL, FALSE);
    g_assert_true(watch_webhook_is_busy(webhook));
    watch_webhook_free(webhook);
    while (g_main_context_iteration(NULL, FALSE)) {
    }
    g_free(server.url);
}

static void test_check(void)
{
    static const char *const wrong[] = {"",        "door",          "ftp://host/",
                                        "http://", "https:///path", "https://user:password@host/"};

    g_assert_true(watch_webhook_check("https://hooks.example.com/T0/secret?a=b", NULL));
    g_assert_true(watch_webhook_check("http://[::1]:8080", NULL));
    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_false(watch_webhook_check(wrong[i], &error));
        g_assert_nonnull(error);
        g_assert_null(strstr(error->message, "password"));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/webhook/order", test_order);
    g_test_add_func("/webhook/full", test_full);
    g_test_add_func("/webhook/free", test_free);
    g_test_add_func("/webhook/check", test_check);
    return g_test_run();
}
