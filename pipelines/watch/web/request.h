/* The head of an HTTP request.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#define WATCH_REQUEST_MAX 4096 /* bytes */

typedef enum WatchRequest {
    WATCH_REQUEST_INCOMPLETE, /* more bytes may make it valid */
    WATCH_REQUEST_VALID,
    WATCH_REQUEST_INVALID,
} WatchRequest;

/* Checks the beginning of a request: its first line, with a path, and its headers, each once, up to
 * the empty line. */
WatchRequest watch_request_check(const char *text, gsize length);

/* A header that is missing is NULL. */
typedef struct WatchRequestHead {
    char *method, *path; /* the path is percent-encoded, and without its query */
    char *host, *authorization, *last_event_id;
} WatchRequestHead;

/* text: one that is valid. */
WatchRequestHead *watch_request_parse(const char *text, gsize length);
void watch_request_head_free(WatchRequestHead *head);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WatchRequestHead, watch_request_head_free)
