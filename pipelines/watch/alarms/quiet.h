/* Hours of the day in which no alarm begins, such as those of the night.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* An element of a list of quiet hours: minutes of the local day, from 0 to 1439. If to is not after
 * from, the range spans midnight; if both are equal, it is the whole day. */
typedef struct WatchQuietRange {
    guint16 from, to;
} WatchQuietRange;

/* text: HH:MM-HH:MM, or several joined by commas; empty for none. Returns an array of
 * WatchQuietRange, which the caller frees with g_array_unref(); NULL if the text is anything else.
 */
GArray *watch_quiet_parse(const char *text);

/* Whether a range contains the time, microseconds since 1970, in the machine's time zone. */
gboolean watch_quiet_contains(const GArray *ranges, gint64 time);
