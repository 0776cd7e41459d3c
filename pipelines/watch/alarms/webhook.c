/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/alarms/webhook.h"

#ifdef HAVE_SOUP

#include <libsoup/soup.h>
#include <string.h>

#include "pipelines/common/print.h"

#define MIN_DELAY_MS 1000
#define MAX_DELAY_MS 60000

struct WatchWebhook {
    SoupSession *session;
    guint max_events;
    GHashTable *queues; /* URL -> Queue */
};

/* Of one URL. A request that is being sent holds a reference. */
typedef struct Queue {
    WatchWebhook *webhook; /* NULL once it has been freed */
    char *url, *place;     /* place: scheme, host and port, without what may be secret */
    GQueue events;         /* WatchEvent; the head is the one being sent */
    GCancellable *cancel;
    gboolean is_sending;
    guint delay;   /* milliseconds before the head is sent again; 0 if it has not failed */
    guint retry;   /* event source, or 0 */
    guint dropped; /* events, since one was sent */
} Queue;

static void clear_queue(gpointer data)
{
    Queue *queue = data;

    g_queue_clear_full(&queue->events, (GDestroyNotify)watch_event_unref);
    g_object_unref(queue->cancel);
    g_free(queue->url);
    g_free(queue->place);
}

static void queue_unref(gpointer queue)
{
    g_atomic_rc_box_release_full(queue, clear_queue);
}

static void send_head(Queue *queue);

/* Answers */

static void drop_head(Queue *queue)
{
    watch_event_unref(g_queue_pop_head(&queue->events));
    queue->delay = 0;
    send_head(queue);
}

static gboolean on_retry(gpointer data)
{
    Queue *queue = data;

    queue->retry = 0;
    send_head(queue);
    return G_SOURCE_REMOVE;
}

/* The first failure of a row is reported. */
static void send_again(Queue *queue, const char *reason)
{
    if (queue->delay == 0)
        print_error("convnext-watch", "webhook %s: %s; events wait and are sent again",
                    queue->place, reason);
    queue->delay = CLAMP(queue->delay * 2, MIN_DELAY_MS, MAX_DELAY_MS);
    queue->retry = g_timeout_add(queue->delay, on_retry, queue);
}

static void end_success(Queue *queue)
{
    if (queue->delay > 0)
        print_error("convnext-watch", "webhook %s: it answers again; %u events were dropped",
                    queue->place, queue->dropped);
    else if (queue->dropped > 0)
        print_error("convnext-watch", "webhook %s: %u events were dropped, because it is too slow",
                    queue->place, queue->dropped);
    queue->dropped = 0;
    drop_head(queue);
}

static void end_status(Queue *queue, guint status, const char *reason)
{
    g_autofree char *answer = g_strdup_printf("it answers %u %s", status, reason ? reason : "");

    if (SOUP_STATUS_IS_SUCCESSFUL(status)) {
        end_success(queue);
    } else if (SOUP_STATUS_IS_SERVER_ERROR(status) || status == SOUP_STATUS_REQUEST_TIMEOUT ||
               status == 429) {
        send_again(queue, answer);
    } else {
        print_error("convnext-watch", "webhook %s: %s; the event is dropped", queue->place, answer);
        drop_head(queue);
    }
}

static void on_answer(GObject *source, GAsyncResult *result, gpointer data)
{
    Queue *queue = data;
    SoupMessage *message = soup_session_get_async_result_message(SOUP_SESSION(source), result);
    g_autoptr(GError) error = NULL;
    g_autoptr(GInputStream) body = /* is not read */
        soup_session_send_finish(SOUP_SESSION(source), result, &error);

    queue->is_sending = FALSE;
    if (queue->webhook && !body)
        send_again(queue, error->message);
    else if (queue->webhook)
        end_status(queue, soup_message_get_status(message),
                   soup_message_get_reason_phrase(message));
    queue_unref(queue);
}

/* Sending */

static void send_head(Queue *queue)
{
    const WatchEvent *event = g_queue_peek_head(&queue->events);
    g_autoptr(SoupMessage) message = NULL;
    g_autoptr(GBytes) body = NULL;
    char *json;

    if (!event || queue->is_sending || queue->retry)
        return;
    json = watch_event_to_json(event);
    body = g_bytes_new_take(json, strlen(json));
    message = soup_message_new(SOUP_METHOD_POST, queue->url);
    soup_message_add_flags(message, SOUP_MESSAGE_NO_REDIRECT);
    soup_message_set_request_body_from_bytes(message, "application/json", body);
    queue->is_sending = TRUE;
    soup_session_send_async(queue->webhook->session, message, G_PRIORITY_DEFAULT, queue->cancel,
                            on_answer, g_atomic_rc_box_acquire(queue));
}

static char *make_place(const char *url)
{
    g_autoptr(GUri) uri = g_uri_parse(url, SOUP_HTTP_URI_FLAGS, NULL);

    return g_uri_join(G_URI_FLAGS_NONE, g_uri_get_scheme(uri), NULL, g_uri_get_host(uri),
                      g_uri_get_port(uri), "", NULL, NULL);
}

static Queue *find_queue(WatchWebhook *webhook, const char *url)
{
    Queue *queue = g_hash_table_lookup(webhook->queues, url);

    if (queue)
        return queue;
    queue = g_atomic_rc_box_new0(Queue);
    queue->webhook = webhook;
    queue->url = g_strdup(url);
    queue->place = make_place(url);
    queue->cancel = g_cancellable_new();
    g_queue_init(&queue->events);
    g_hash_table_insert(webhook->queues, queue->url, queue);
    return queue;
}

/* The head stays while it is being sent. */
static void drop_oldest(Queue *queue)
{
    WatchEvent *event = g_queue_pop_nth(&queue->events, queue->is_sending ? 1 : 0);

    queue->dropped++;
    watch_event_unref(event);
}

void watch_webhook_add(WatchWebhook *webhook, const char *url, WatchEvent *event)
{
    Queue *queue = find_queue(webhook, url);

    g_queue_push_tail(&queue->events, watch_event_ref(event));
    if (queue->events.length > webhook->max_events + queue->is_sending)
        drop_oldest(queue);
    send_head(queue);
}

static void close_queue(gpointer data)
{
    Queue *queue = data;

    queue->webhook = NULL;
    if (queue->retry)
        g_source_remove(queue->retry);
    g_cancellable_cancel(queue->cancel);
    queue_unref(queue);
}

WatchWebhook *watch_webhook_new(guint timeout, guint max_events)
{
    WatchWebhook *webhook = g_new0(WatchWebhook, 1);

    webhook->session = soup_session_new();
    soup_session_set_timeout(webhook->session, timeout);
    soup_session_set_user_agent(webhook->session, "convnext-watch");
    webhook->max_events = max_events;
    webhook->queues = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, close_queue);
    return webhook;
}

void watch_webhook_free(WatchWebhook *webhook)
{
    g_hash_table_unref(webhook->queues);
    g_object_unref(webhook->session);
    g_free(webhook);
}

gboolean watch_webhook_check(const char *url, GError **error)
{
    g_autoptr(GUri) uri = g_uri_parse(url, SOUP_HTTP_URI_FLAGS, NULL);
    const char *scheme = uri ? g_uri_get_scheme(uri) : "";

    if ((strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0) && g_uri_get_host(uri) &&
        *g_uri_get_host(uri) && !g_uri_get_userinfo(uri))
        return TRUE;
    g_set_error_literal(error, G_URI_ERROR, G_URI_ERROR_FAILED,
                        "expected an http:// or https:// URL with a host and without credentials");
    return FALSE;
}

gboolean watch_webhook_is_busy(const WatchWebhook *webhook)
{
    GHashTableIter queues;
    gpointer queue;

    g_hash_table_iter_init(&queues, webhook->queues);
    while (g_hash_table_iter_next(&queues, NULL, &queue)) {
        if (!g_queue_is_empty(&((Queue *)queue)->events))
            return TRUE;
    }
    return FALSE;
}

#else

WatchWebhook *watch_webhook_new(guint timeout, guint max_events)
{
    return NULL;
}

void watch_webhook_free(WatchWebhook *webhook) {}

gboolean watch_webhook_check(const char *url, GError **error)
{
    g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_NOSYS,
                        "convnext-watch was built without libsoup 3 and cannot send events");
    return FALSE;
}

void watch_webhook_add(WatchWebhook *webhook, const char *url, WatchEvent *event) {}

gboolean watch_webhook_is_busy(const WatchWebhook *webhook)
{
    return FALSE;
}

#endif
