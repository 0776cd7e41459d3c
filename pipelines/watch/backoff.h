/* How long to wait before a camera is tried again.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

typedef struct WatchBackoff {
    gint64 least, most; /* microseconds */
    guint failures;     /* in a row */
} WatchBackoff;

/* The wait after one more failure: least, then twice as long each time up to most; of that a random
 * part from three quarters to the whole, so that cameras behind one switch do not all come back in
 * the same moment. */
gint64 watch_backoff_next(WatchBackoff *backoff);

/* The connection was a good one: the next failure is the first. */
void watch_backoff_reset(WatchBackoff *backoff);
