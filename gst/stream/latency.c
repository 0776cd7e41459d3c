/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/stream/latency.h"

#define WINDOW 64 /* frames of an estimate */
#define SETTLE 8  /* frames between two estimates; each of the first frames makes one */

void gst_convnext_latency_reset(GstConvnextLatency *self)
{
    *self = (GstConvnextLatency){0};
}

void gst_convnext_latency_restart(GstConvnextLatency *self, const GstConvnextStats *stats)
{
    self->first = stats->inferred;
}

static void make_estimate(GstConvnextLatency *self, const GstConvnextStats *stats)
{
    guint64 n = stats->inferred - self->first;

    if (n == 0)
        return;
    GstClockTime most =
        gst_convnext_stats_percentile(stats, GST_CONVNEXT_PHASE_TOTAL, MIN(n, WINDOW), 95);
    self->estimate = most + most / 10;
}

void gst_convnext_latency_update(GstConvnextLatency *self, const GstConvnextStats *stats)
{
    guint64 n = stats->inferred - self->first;

    if (n < SETTLE || n % SETTLE == 0)
        make_estimate(self, stats);
}

static GstClockTime added_latency(const GstConvnextLatency *self, GstConvnextMode mode)
{
    return mode == GST_CONVNEXT_MODE_SYNC ? self->estimate : 0;
}

GstClockTime gst_convnext_latency_answer(GstConvnextLatency *self, const GstConvnextStats *stats,
                                         gboolean is_live, GstConvnextMode mode)
{
    if (is_live)
        make_estimate(self, stats);
    self->is_live = is_live;
    self->answered = is_live ? added_latency(self, mode) : 0;
    return self->answered;
}

void gst_convnext_latency_distributed(GstConvnextLatency *self)
{
    self->announced = self->answered;
}

gboolean gst_convnext_latency_moved(GstConvnextLatency *self, GstConvnextMode mode)
{
    const GstClockTime before = self->announced, now = added_latency(self, mode);
    const GstClockTime difference = now > before ? now - before : before - now;

    if (difference <= before / 4)
        return FALSE;
    self->announced = now;
    return TRUE;
}
