/* The delay before the next attempt to connect a camera.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

typedef struct WatchBackoff {
    gint64 min_delay, max_delay; /* microseconds */
    guint failures;              /* in a row */
} WatchBackoff;

/* The delay after one more failure: min_delay, doubled after each further failure up to max_delay,
 * times a random factor from 0.75 to 1, so that cameras on one switch do not all reconnect at once.
 */
gint64 watch_backoff_next(WatchBackoff *backoff);

/* Call it after a steady connection: the next failure counts as the first. */
void watch_backoff_reset(WatchBackoff *backoff);
