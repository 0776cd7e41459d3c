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

/* What this core can do, as medians over the passes. */
typedef struct Limits {
    double peak, form_peak; /* GFLOP/s */
    double memory;          /* GB/s */
} Limits;

/* Milliseconds that a layer takes at its limit: its operations or its memory traffic, whichever
 * takes longer. */
static double ideal_ms(const CnxProfileLayer *layer, const Limits *limits)
{
    const double peak = layer->form == CNX_FORM_FLOAT ? limits->peak : limits->form_peak;

    return MAX(layer->flops / peak, layer->bytes / limits->memory) * 1e-6;
}

/* ideal: milliseconds at the limit */
static void append_layer(GString *to, const CnxProfileTotals *totals, CnxProfileLayer *layer,
                         double ideal)
{
    const guint threads = layer->kind == CNX_PROFILE_FORWARD ? totals->threads : 1;
    const double median = median_of(layer->ms, totals->passes);
    char ms[32], gflops[32] = "", share[32] = "";

    format_number(ms, sizeof ms, median);
    if (layer->flops > 0 && median > 0)
        format_number(gflops, sizeof gflops, layer->flops / median * 1e-6 / threads);
    if (ideal > 0 && median > 0)
        format_number(share, sizeof share, ideal / median / threads);
    g_string_append_printf(to, "%s,%s,%s,%" G_GUINT64_FORMAT ",%s,%s,%s\n", layer->name,
                           layer->kernel, layer->shape, totals->images, ms, gflops, share);
}

/* The share of each kind of layer in the time of all threads, and how close it comes to its limit.
 * Time outside kernels goes to copies of patches, waits for other threads, and idle threads. The
 * layers' samples must be sorted. */
static void append_kinds(GString *to, const CnxProfileTotals *totals,
                         const CnxProfileLayers *layers, const Limits *limits)
{
    static const char *const names[] = {
        [CNX_PROFILE_GEMM] = "products", [CNX_PROFILE_DWCONV] = "depthwise",
        [CNX_PROFILE_NORM] = "norms",    [CNX_PROFILE_SCALE] = "GRN",
        [CNX_PROFILE_MEAN] = "pooling",  [CNX_PROFILE_ROUND] = "rounding",
        [CNX_PROFILE_FORWARD] = "waits",
    };
    const gsize middle = (gsize)MIN(totals->passes, CNX_PROFILE_SAMPLES) / 2;
    double ms[G_N_ELEMENTS(names)] = {0}, ideal[G_N_ELEMENTS(names)] = {0}, all, busy = 0;
    const char *separator = "";

    for (guint i = 0; i < layers->list->len; i++) {
        const CnxProfileLayer *layer = g_ptr_array_index(layers->list, i);

        ms[layer->kind] += layer->ms[middle];
        ideal[layer->kind] += ideal_ms(layer, limits);
    }
    for (guint i = 0; i < CNX_PROFILE_FORWARD; i++)
        busy += ms[i];
    all = MAX(ms[CNX_PROFILE_FORWARD] * totals->threads, busy);
    ms[CNX_PROFILE_FORWARD] = all - busy;
    g_string_append(to, "# of the threads' time:");
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        g_string_append_printf(to, "%s %s %.0f %%", i > 0 ? "," : "", names[i],
                               100 * ms[i] / MAX(all, 1e-9));
    g_string_append(to, "\n# of their limits:");
    for (guint i = 0; i < CNX_PROFILE_FORWARD; i++)
        if (ms[i] > 0) {
            g_string_append_printf(to, "%s %s %.0f %%", separator, names[i],
                                   100 * ideal[i] / ms[i]);
            separator = ",";
        }
    g_string_append_c(to, '\n');
}

char *cnx_profile_report(CnxProfileTotals *totals, const CnxProfileLayers *layers)
{
    const Limits limits = {
        .peak = median_of(totals->peak, totals->passes),
        .form_peak = median_of(totals->form_peak, totals->passes),
        .memory = median_of(totals->memory, totals->passes),
    };
    double all = 0;
    GString *text = g_string_new(NULL);
    g_autoptr(GString) rows = g_string_new(NULL);

    for (guint i = 0; i < layers->list->len; i++) {
        CnxProfileLayer *layer = g_ptr_array_index(layers->list, i);
        const double ideal = ideal_ms(layer, &limits);

        append_layer(rows, totals, layer, layer->kind == CNX_PROFILE_FORWARD ? all : ideal);
        all += ideal;
    }
    g_string_append_printf(text,
                           "# gst-convnext " CONVNEXT_VERSION ": profile of %s, %u thread%s\n"
                           "# isa level %s; the peak of this core is %.2f GFLOP/s",
                           totals->title, totals->threads, totals->threads > 1 ? "s" : "",
                           totals->isa, limits.peak);
    if (totals->form != CNX_FORM_FLOAT)
        g_string_append_printf(text, ", of rounded products %.2f", limits.form_peak);
    g_string_append_printf(text, ", of memory %.2f GB/s\n", limits.memory);
    append_kinds(text, totals, layers, &limits);
    g_string_append_printf(text, "layer,kernel,shape,calls,median_ms,gflops,share\n%s", rows->str);
    return g_string_free(text, FALSE);
}
