/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/network/backoff.h"

gint64 gst_convnext_backoff_next(GstConvnextBackoff *backoff)
{
    gint64 delay = backoff->min_delay;

    for (guint i = 0; i < backoff->failures && delay < backoff->max_delay; i++)
        delay *= 2;
    backoff->failures++;
    delay = MIN(delay, backoff->max_delay);
    return (gint64)(delay * g_random_double_range(0.75, 1));
}

void gst_convnext_backoff_reset(GstConvnextBackoff *backoff)
{
    backoff->failures = 0;
}
