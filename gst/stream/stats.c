/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/stream/stats.h"

#include <stdlib.h>

static const char *const phase_fields[GST_CONVNEXT_PHASES][2] = {
    {"preprocess-p50", "preprocess-p95"},
    {"inference-p50", "inference-p95"},
    {"total-p50", "total-p95"},
};

void gst_convnext_stats_reset(GstConvnextStats *self)
{
    self->frames = self->inferred = self->replaced = 0;
    self->skipped = self->unchanged = self->late_skipped = self->late = 0;
}

void gst_convnext_stats_add(GstConvnextStats *self, const GstClockTime *times)
{
    guint i = self->inferred % GST_CONVNEXT_STATS_WINDOW;

    for (int phase = 0; phase < GST_CONVNEXT_PHASES; phase++)
        self->samples[phase][i] = times[phase];
    self->inferred++;
}

void gst_convnext_stats_skip(GstConvnextStats *self, GstConvnextDecision decision)
{
    self->skipped++;
    self->late_skipped += decision == GST_CONVNEXT_LATE;
    self->unchanged += decision == GST_CONVNEXT_UNCHANGED;
}

static int compare_times(const void *a, const void *b)
{
    const GstClockTime *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

GstClockTime gst_convnext_stats_percentile(const GstConvnextStats *self, GstConvnextPhase phase,
                                           guint n, guint percent)
{
    GstClockTime sorted[GST_CONVNEXT_STATS_WINDOW];

    for (guint i = 0; i < n; i++)
        sorted[i] = self->samples[phase][(self->inferred - 1 - i) % GST_CONVNEXT_STATS_WINDOW];
    qsort(sorted, n, sizeof *sorted, compare_times);
    return sorted[(n * percent + 99) / 100 - 1];
}

static void set_percentile(GstStructure *s, const GstConvnextStats *self, GstConvnextPhase phase,
                           const char *field, guint n, guint percent)
{
    GstClockTime time = gst_convnext_stats_percentile(self, phase, n, percent);

    gst_structure_set(s, field, G_TYPE_DOUBLE, (double)time / GST_MSECOND, NULL);
}

GstStructure *gst_convnext_stats_to_structure(const GstConvnextStats *self)
{
    GstStructure *s = gst_structure_new(
        "convnext-stats", "frames", G_TYPE_UINT64, self->frames, "inferred", G_TYPE_UINT64,
        self->inferred, "replaced", G_TYPE_UINT64, self->replaced, "skipped", G_TYPE_UINT64,
        self->skipped, "unchanged", G_TYPE_UINT64, self->unchanged, "late-skipped", G_TYPE_UINT64,
        self->late_skipped, "late", G_TYPE_UINT64, self->late, NULL);
    guint n = MIN(self->inferred, GST_CONVNEXT_STATS_WINDOW);

    for (int phase = 0; phase < GST_CONVNEXT_PHASES && n > 0; phase++) {
        set_percentile(s, self, phase, phase_fields[phase][0], n, 50);
        set_percentile(s, self, phase, phase_fields[phase][1], n, 95);
    }
    return s;
}
