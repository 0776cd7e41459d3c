/* Sends each event as JSON to a URL, by POST.
 *
 * Events of one URL are sent in their order, one at a time. If the server cannot be reached, is
 * overloaded (429) or fails (5xx), the event is sent again, after 1 second at first and later after
 * up to 60. Other answers that are no success drop the event. Nothing waits for a server: events
 * queue up, and when the queue is full the oldest one is dropped.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pipelines/watch/alarms/event.h"

typedef struct WatchWebhook WatchWebhook;

/* timeout: seconds that a server may be silent. max_events: those of a URL that wait. */
WatchWebhook *watch_webhook_new(guint timeout, guint max_events);

/* Drops the events that wait. */
void watch_webhook_free(WatchWebhook *webhook);

/* Whether it is an HTTP or HTTPS URL with a host and without credentials, and this program was
 * built with libsoup. FALSE with an error of one sentence, which does not quote the URL. */
gboolean watch_webhook_check(const char *url, GError **error);

void watch_webhook_add(WatchWebhook *webhook, const char *url, WatchEvent *event);

/* Whether an event is being sent or waits. */
gboolean watch_webhook_is_busy(const WatchWebhook *webhook);
