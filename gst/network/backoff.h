/* The delay before the next attempt to connect to something in the network.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

typedef struct GstConvnextBackoff {
    gint64 min_delay, max_delay; /* microseconds */
    guint failures;              /* in a row */
} GstConvnextBackoff;

/* The delay after one more failure: min_delay, doubled after each further failure up to max_delay,
 * times a random factor from 0.75 to 1, so that many do not all reconnect at once.
 */
gint64 gst_convnext_backoff_next(GstConvnextBackoff *backoff);

/* Call it after a steady connection: the next failure counts as the first. */
void gst_convnext_backoff_reset(GstConvnextBackoff *backoff);
