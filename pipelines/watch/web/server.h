/* A small HTTP server: it hands out the heads of requests, and sends answers or streams of text.
 * It answers one request of a connection and then closes it.
 *
 * Everything runs in the main loop; no client can block it, and all memory is bounded:
 *
 * connections   32; when another arrives, the oldest one is closed. Each lives 10 s at most.
 * streams       32 more; see watch_server_stream() and watch_server_film(). They have no end.
 * requests      4096 bytes up to the empty line; a body is discarded
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pipelines/watch/web/request.h"

typedef struct WatchServer WatchServer;

/* A request. Answer it now or later, once, by its id, which no other request of this process has.
 * head: borrowed. */
typedef void (*WatchServerFunc)(guint64 id, const WatchRequestHead *head, gpointer data);

typedef struct WatchAnswer {
    guint status;        /* such as 200 */
    const char *type;    /* of the body */
    const char *headers; /* more of them, each with its \r\n, or NULL */
    gconstpointer body;
    gsize length;
    gboolean has_no_body; /* the answer to HEAD: length is sent, the body is not */
} WatchAnswer;

/* where: [ADDRESS:]PORT. Without an address it listens on localhost only; with port 0 the system
 * picks a port. NULL with an error of one sentence if the server cannot listen. */
WatchServer *watch_server_new(const char *where, WatchServerFunc func, gpointer data,
                              GError **error);

/* Whether the error means that the port is in use. */
gboolean watch_server_is_taken(const GError *error);

void watch_server_free(WatchServer *server);

/* The server's URL, such as http://127.0.0.1:9464. */
const char *watch_server_url(const WatchServer *server);

/* Whether only this machine can reach the server. */
gboolean watch_server_is_local(const WatchServer *server);

/* Does nothing if the client has gone. */
void watch_server_answer(WatchServer *server, guint64 id, const WatchAnswer *answer);

/* Answers with a stream of server-sent events that begins with text, and receives what
 * watch_server_publish() sends. A reader that leaves more than 64 KB unread is closed. FALSE if
 * there are too many streams: the request still waits for its answer. */
gboolean watch_server_stream(WatchServer *server, guint64 id, const char *headers,
                             const char *text);

/* Sends text to all streams of events. */
void watch_server_publish(WatchServer *server, const char *text);

/* Answers with a stream without an end, of a type such as multipart/x-mixed-replace. It begins with
 * the first bytes; more come from watch_server_offer(). FALSE if there are too many streams, as
 * above. */
gboolean watch_server_film(WatchServer *server, guint64 id, const char *type, const char *headers,
                           gconstpointer first, gsize length);

typedef enum WatchViewer {
    WATCH_VIEWER_GONE,
    WATCH_VIEWER_BUSY, /* has not read everything yet */
    WATCH_VIEWER_READY
} WatchViewer;

WatchViewer watch_server_viewer(WatchServer *server, guint64 id);

/* Sends bytes if the viewer is ready, so a slow one gets less and queues these bytes at most. One
 * that takes more than 10 s to read them is closed. */
void watch_server_offer(WatchServer *server, guint64 id, gconstpointer bytes, gsize length);

/* Ends a film, if its viewer has not gone. */
void watch_server_end_film(WatchServer *server, guint64 id);
