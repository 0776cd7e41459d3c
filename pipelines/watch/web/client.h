/* One connection of the HTTP server: receives the head of a request, sends the answer of its owner,
 * and ends by itself: after its answer, after 10 s, or when the client hangs up. A client that only
 * closes its sending side still gets the answer.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "pipelines/watch/web/request.h"

typedef struct WatchClient WatchClient;

typedef struct WatchClientHooks {
    /* The request is valid; head: borrowed. */
    void (*request)(WatchClient *client, const WatchRequestHead *head, gpointer data);
    /* The client is about to be freed. */
    void (*closed)(WatchClient *client, gpointer data);
} WatchClientHooks;

WatchClient *watch_client_new(GSocketConnection *connection, const WatchClientHooks *hooks,
                              gpointer data);

/* May free the client. */
void watch_client_start(WatchClient *client);

/* Closes and frees it. */
void watch_client_close(WatchClient *client);

/* Of this connection only, in this process. */
guint64 watch_client_id(const WatchClient *client);

/* Sends bytes, or queues a copy of them. */
void watch_client_send(WatchClient *client, gconstpointer bytes, gsize length);

/* Closes once everything is sent; may free the client. */
void watch_client_finish(WatchClient *client);

/* Lifts the limit of 10 s for a stream, which ends when the client closes its side. From now on,
 * more than 64 KB that the client does not read close it, in the main loop. */
void watch_client_keep(WatchClient *client);

/* Of a stream: sends bytes of any length, or nothing while the client has not read the last ones.
 * They close it if it takes more than 10 s to read them. */
void watch_client_offer(WatchClient *client, gconstpointer bytes, gsize length);

/* Whether the client has read everything. */
gboolean watch_client_is_idle(const WatchClient *client);
