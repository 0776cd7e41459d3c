/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/stream/latency.h"

#include <stdlib.h>
#include <string.h>

#define SETTLE 8 /* frames from one estimate to the next, once there are so many */

void gst_convnext_latency_reset(GstConvnextLatency *self)
{
    self->n = 0;
    self->estimate = self->announced = self->answered = 0;
}

void gst_convnext_latency_restart(GstConvnextLatency *self)
{
    self->n = 0;
}

static int compare_times(const void *a, const void *b)
{
    const GstClockTime *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static GstClockTime estimate(const GstConvnextLatency *self)
{
    GstClockTime sorted[GST_CONVNEXT_LATENCY_WINDOW];
    guint n = MIN(self->n, GST_CONVNEXT_LATENCY_WINDOW);

    memcpy(sorted, self->samples, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, compare_times);
    GstClockTime most = sorted[(n * 95 + 99) / 100 - 1];
    return most + most / 10;
}

void gst_convnext_latency_add(GstConvnextLatency *self, GstClockTime took)
{
    self->samples[self->n++ % GST_CONVNEXT_LATENCY_WINDOW] = took;
    if (self->n < SETTLE || self->n % SETTLE == 0)
        self->estimate = estimate(self);
}

void gst_convnext_latency_distributed(GstConvnextLatency *self)
{
    self->announced = self->answered;
}

gboolean gst_convnext_latency_moved(GstConvnextLatency *self, GstClockTime now)
{
    GstClockTime before = self->announced;
    GstClockTime by = now > before ? now - before : before - now;

    if (by <= before / 4)
        return FALSE;
    self->announced = now;
    return TRUE;
}
