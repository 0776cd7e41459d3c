/* The head of an HTTP request, before libsoup gets it.
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

/* Checks the beginning of a request: its first line, with a path, and its headers, up to the empty
 * line. Stricter than libsoup 3.2, which leaks memory for each request that it refuses. */
WatchRequest watch_request_check(const char *text, gsize length);
