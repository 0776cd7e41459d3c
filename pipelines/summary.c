/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/summary.h"

#include <gst/convnext/convnext.h>
#include <string.h>

struct Summary {
    guint frames;
    gint64 first, last; /* when the first and the last frame came out, microseconds */
    GHashTable *labels; /* label -> number of frames that it was the best of */
    GArray *times;      /* double: milliseconds of each run of the network */
};

typedef struct Share {
    const char *label;
    guint frames;
} Share;

Summary *summary_new(void)
{
    Summary *summary = g_new0(Summary, 1);

    summary->labels = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    summary->times = g_array_new(FALSE, FALSE, sizeof(double));
    return summary;
}

void summary_free(Summary *summary)
{
    g_hash_table_unref(summary->labels);
    g_array_unref(summary->times);
    g_free(summary);
}

guint summary_frames(const Summary *summary)
{
    return summary->frames;
}

static char *best_label(GstConvnextResult *result)
{
    guint n;
    const GstConvnextClass *classes = gst_convnext_result_get_classes(result, &n);

    if (n == 0)
        return g_strdup("(nothing)");
    if (!classes[0].label)
        return g_strdup_printf("class %u", classes[0].index);
    return g_strdup(classes[0].label);
}

void summary_add(Summary *summary, GstBuffer *buffer)
{
    GstConvnextMeta *meta = gst_buffer_get_convnext_meta(buffer);
    char *label;
    guint count;
    double ms;

    summary->last = g_get_monotonic_time();
    if (summary->frames++ == 0)
        summary->first = summary->last;
    if (!meta)
        return;

    label = best_label(meta->result);
    count = GPOINTER_TO_UINT(g_hash_table_lookup(summary->labels, label));
    g_hash_table_insert(summary->labels, label, GUINT_TO_POINTER(count + 1));

    if (meta->age == 0) {
        ms = (gst_convnext_result_get_preprocess_time(meta->result) +
              gst_convnext_result_get_inference_time(meta->result)) /
             1e6;
        g_array_append_val(summary->times, ms);
    }
}

static int compare_times(gconstpointer a, gconstpointer b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static int compare_shares(gconstpointer a, gconstpointer b)
{
    const Share *x = a, *y = b;

    if (x->frames != y->frames)
        return x->frames < y->frames ? 1 : -1;
    return strcmp(x->label, y->label);
}

static double median(GArray *times)
{
    guint half = times->len / 2;

    if (times->len == 0)
        return 0;
    g_array_sort(times, compare_times);
    if (times->len % 2 == 1)
        return g_array_index(times, double, half);
    return (g_array_index(times, double, half - 1) + g_array_index(times, double, half)) / 2;
}

void summary_print(const Summary *summary, const char *source)
{
    double seconds = (summary->last - summary->first) / 1e6;
    GArray *shares = g_array_new(FALSE, FALSE, sizeof(Share));
    GHashTableIter iter;
    gpointer label, frames;

    g_print("\n%u frames of %s", summary->frames, source);
    if (summary->frames > 1 && seconds > 0)
        g_print(": %.1f fps", (summary->frames - 1) / seconds);
    if (summary->times->len > 0)
        g_print(", median %.2f ms per frame", median(summary->times));
    g_print("\n");

    g_hash_table_iter_init(&iter, summary->labels);
    while (g_hash_table_iter_next(&iter, &label, &frames)) {
        Share share = {label, GPOINTER_TO_UINT(frames)};

        g_array_append_val(shares, share);
    }
    g_array_sort(shares, compare_shares);
    for (guint i = 0; i < shares->len; i++) {
        const Share *share = &g_array_index(shares, Share, i);

        g_print("  %-14s %5.1f %%\n", share->label, 100.0 * share->frames / summary->frames);
    }
    g_array_unref(shares);
}
