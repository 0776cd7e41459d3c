/* Counters and times of one element.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/stream/stats.h"

#include <stdlib.h>
#include <string.h>

static const char *const phase_fields[GST_CONVNEXT_PHASES][2] = {
    {"preprocess-p50", "preprocess-p95"},
    {"inference-p50", "inference-p95"},
    {"total-p50", "total-p95"},
};

void gst_convnext_stats_reset(GstConvnextStats *stats)
{
    stats->frames = stats->inferred = stats->replaced = 0;
    stats->skipped = stats->unchanged = stats->late_skipped = stats->late = 0;
}

void gst_convnext_stats_add(GstConvnextStats *stats, const GstClockTime *times)
{
    guint at = stats->inferred % GST_CONVNEXT_STATS_WINDOW;

    for (int phase = 0; phase < GST_CONVNEXT_PHASES; phase++)
        stats->samples[phase][at] = times[phase];
    stats->inferred++;
}

static int compare_times(const void *a, const void *b)
{
    const GstClockTime *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* The smallest time that at least percent of the sorted times do not exceed. */
static double percentile_ms(const GstClockTime *sorted, guint n, guint percent)
{
    guint rank = (n * percent + 99) / 100;

    return (double)sorted[rank - 1] / GST_MSECOND;
}

GstStructure *gst_convnext_stats_to_structure(const GstConvnextStats *stats)
{
    GstStructure *s = gst_structure_new(
        "convnext-stats", "frames", G_TYPE_UINT64, stats->frames, "inferred", G_TYPE_UINT64,
        stats->inferred, "replaced", G_TYPE_UINT64, stats->replaced, "skipped", G_TYPE_UINT64,
        stats->skipped, "unchanged", G_TYPE_UINT64, stats->unchanged, "late-skipped", G_TYPE_UINT64,
        stats->late_skipped, "late", G_TYPE_UINT64, stats->late, NULL);
    guint n = MIN(stats->inferred, GST_CONVNEXT_STATS_WINDOW);

    if (n == 0)
        return s;
    for (int phase = 0; phase < GST_CONVNEXT_PHASES; phase++) {
        GstClockTime sorted[GST_CONVNEXT_STATS_WINDOW];

        memcpy(sorted, stats->samples[phase], n * sizeof *sorted);
        qsort(sorted, n, sizeof *sorted, compare_times);
        gst_structure_set(s, phase_fields[phase][0], G_TYPE_DOUBLE, percentile_ms(sorted, n, 50),
                          phase_fields[phase][1], G_TYPE_DOUBLE, percentile_ms(sorted, n, 95),
                          NULL);
    }
    return s;
}
