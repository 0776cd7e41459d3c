/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/network/profile_report.h"

#include <stdlib.h>

static int compare_floats(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

/* The median over the latest passes. Sorts the samples. */
static double median_of(float samples[CNX_PROFILE_SAMPLES], guint64 passes)
{
    const gsize n = (gsize)MIN(passes, CNX_PROFILE_SAMPLES);

    qsort(samples, n, sizeof *samples, compare_floats);
    return samples[n / 2];
}

static void format_number(char *to, gsize size, double value)
{
    char format[] = "%.4f";

    g_ascii_formatd(to, (int)size, format, value);
}

static void append_layer(GString *to, const CnxProfileTotals *totals, CnxProfileLayer *layer,
                         double peak)
{
    const double median = median_of(layer->ms, totals->passes);
    char ms[32], gflops[32] = "", share[32] = "";

    format_number(ms, sizeof ms, median);
    if (layer->flops > 0 && median > 0) {
        const guint threads = layer->kind == CNX_PROFILE_FORWARD ? totals->threads : 1;
        const double speed = layer->flops / median * 1e-6 / threads;

        format_number(gflops, sizeof gflops, speed);
        format_number(share, sizeof share, speed / peak);
    }
    g_string_append_printf(to, "%s,%s,%s,%" G_GUINT64_FORMAT ",%s,%s,%s\n", layer->name,
                           layer->kernel, layer->shape, totals->images, ms, gflops, share);
}

char *cnx_profile_report(CnxProfileTotals *totals, const CnxProfileLayers *layers)
{
    const double peak = median_of(totals->peak, totals->passes);
    GString *text = g_string_new(NULL);

    g_string_append_printf(text,
                           "# gst-convnext " CONVNEXT_VERSION ": profile of %s, %u thread%s\n"
                           "# isa level %s; the peak of this core is %.0f GFLOP/s\n"
                           "layer,kernel,shape,calls,median_ms,gflops,share\n",
                           totals->title, totals->threads, totals->threads > 1 ? "s" : "",
                           totals->isa, peak);
    for (guint i = 0; i < layers->list->len; i++)
        append_layer(text, totals, g_ptr_array_index(layers->list, i), peak);
    return g_string_free(text, FALSE);
}
