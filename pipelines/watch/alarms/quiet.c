/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/alarms/quiet.h"

#define DAY 1440 /* minutes */

/* Reads two digits, at most max. */
static gboolean read_two_digits(const char **text, guint max, guint *value)
{
    const char *c = *text;

    if (!g_ascii_isdigit(c[0]) || !g_ascii_isdigit(c[1]))
        return FALSE;
    *value = (guint)(c[0] - '0') * 10 + (guint)(c[1] - '0');
    *text = c + 2;
    return *value <= max;
}

static gboolean read_minute(const char **text, guint16 *minute)
{
    guint hours, minutes;

    if (!read_two_digits(text, 23, &hours) || *(*text)++ != ':' ||
        !read_two_digits(text, 59, &minutes))
        return FALSE;
    *minute = (guint16)(hours * 60 + minutes);
    return TRUE;
}

GArray *watch_quiet_parse(const char *text)
{
    g_autoptr(GArray) ranges = g_array_new(FALSE, FALSE, sizeof(WatchQuietRange));
    WatchQuietRange range;

    for (const char *c = text; *c;) {
        while (*c == ' ')
            c++;
        if (!read_minute(&c, &range.from) || *c++ != '-' || !read_minute(&c, &range.to))
            return NULL;
        g_array_append_val(ranges, range);
        while (*c == ' ')
            c++;
        if (*c && (*c++ != ',' || !*c))
            return NULL;
    }
    return g_steal_pointer(&ranges);
}

gboolean watch_quiet_contains(const GArray *ranges, gint64 time)
{
    g_autoptr(GDateTime) local =
        ranges->len > 0 ? g_date_time_new_from_unix_local(time / G_USEC_PER_SEC) : NULL;
    guint minute;

    if (!local)
        return FALSE;
    minute = (guint)(g_date_time_get_hour(local) * 60 + g_date_time_get_minute(local));
    for (guint i = 0; i < ranges->len; i++) {
        const WatchQuietRange *range = &g_array_index(ranges, WatchQuietRange, i);
        const guint length = (range->to + DAY - range->from - 1u) % DAY + 1;

        if ((minute + DAY - range->from) % DAY < length)
            return TRUE;
    }
    return FALSE;
}
