/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/quickstart/summary.h"

#include "pipelines/common/labels.h"
#include "pipelines/common/print.h"

struct Summary {
    guint frames;
    gint64 first_time, last_time; /* of the first and the last frame, microseconds */
    Labels *labels;
    GArray *times; /* double: milliseconds per inference */
};

Summary *summary_new(void)
{
    Summary *summary = g_new0(Summary, 1);

    summary->labels = labels_new();
    summary->times = g_array_new(FALSE, FALSE, sizeof(double));
    return summary;
}

void summary_free(Summary *summary)
{
    labels_free(summary->labels);
    g_array_unref(summary->times);
    g_free(summary);
}

guint summary_frames(const Summary *summary)
{
    return summary->frames;
}

double summary_rate(const Summary *summary, gint64 now)
{
    const double seconds = (double)(now - summary->first_time) / G_USEC_PER_SEC;

    return summary->frames > 1 && seconds > 0 ? (summary->frames - 1) / seconds : 0;
}

void summary_add(Summary *summary, GstBuffer *buffer)
{
    GstConvnextMeta *meta = gst_buffer_get_convnext_meta(buffer);
    double ms;

    summary->last_time = g_get_monotonic_time();
    if (summary->frames++ == 0)
        summary->first_time = summary->last_time;
    if (!meta)
        return;

    labels_add(summary->labels, meta->result);
    if (meta->age == 0) {
        ms = (gst_convnext_result_get_preprocess_time(meta->result) +
              gst_convnext_result_get_inference_time(meta->result)) /
             1e6;
        g_array_append_val(summary->times, ms);
    }
}

static int compare_times(gconstpointer a, gconstpointer b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
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
    const double rate = summary_rate(summary, summary->last_time);
    g_autoptr(GString) shares = g_string_new(NULL);
    g_autofree char *clean = print_clean(source, PRINT_MAX_PART);

    g_print("\n%u frames of %s", summary->frames, clean);
    if (rate > 0)
        g_print(": %.1f fps", rate);
    if (summary->times->len > 0)
        g_print(", median %.2f ms per frame", median(summary->times));
    g_print("\n");

    labels_append_shares(summary->labels, summary->frames, shares);
    g_print("%s", shares->str);
}
