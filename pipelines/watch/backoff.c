/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/backoff.h"

gint64 watch_backoff_next(WatchBackoff *backoff)
{
    gint64 delay = backoff->least;

    for (guint i = 0; i < backoff->failures && delay < backoff->most; i++)
        delay *= 2;
    backoff->failures++;
    delay = MIN(delay, backoff->most);
    return (gint64)(delay * g_random_double_range(0.75, 1));
}

void watch_backoff_reset(WatchBackoff *backoff)
{
    backoff->failures = 0;
}
