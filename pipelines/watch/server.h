/* The HTTP server that Prometheus reads the metrics from, at /metrics.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

typedef struct WatchServer WatchServer;

/* Makes the text of the metrics; the caller frees it. */
typedef char *(*WatchServerText)(gpointer data);

/* where: [ADDRESS:]PORT; without an address only this machine can read it, and port 0 is one that
 * the system chooses. It answers in the main loop. NULL with an error, one sentence, when it cannot
 * listen there, or when this program was built without libsoup. */
WatchServer *watch_server_new(const char *where, WatchServerText text, gpointer data,
                              GError **error);

/* Whether an error of that says that somebody else listens there. */
gboolean watch_server_is_taken(const GError *error);

void watch_server_free(WatchServer *server);

/* Where it is, for people: http://127.0.0.1:9464/metrics, for example. */
const char *watch_server_address(const WatchServer *server);
