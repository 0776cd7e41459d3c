/* The HTTP server from which Prometheus reads the metrics, at /metrics.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

typedef struct WatchServer WatchServer;

/* Makes the text of the metrics, which the server frees. */
typedef char *(*WatchServerText)(gpointer data);

/* where: [ADDRESS:]PORT. Without an address it listens on localhost only; with port 0 the system
 * picks a port. Requests are answered in the main loop. NULL with an error of one sentence if
 * the server cannot listen, or if this program was built without libsoup. */
WatchServer *watch_server_new(const char *where, WatchServerText text, gpointer data,
                              GError **error);

/* Whether the error means that the port is in use. */
gboolean watch_server_is_taken(const GError *error);

void watch_server_free(WatchServer *server);

/* The server's URL, such as http://127.0.0.1:9464/metrics. */
const char *watch_server_url(const WatchServer *server);
