/* The numbers in quickstart's summary: rate, median time and shares.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/quickstart/summary.h"

#include <gst/convnext/convnext.h>
#include <string.h>

static GString *printed;

static void on_print(const char *text)
{
    g_string_append(printed, text);
}

static void add_frame(Summary *summary, GstConvnextResult *result, GstClockTime age)
{
    g_autoptr(GstBuffer) buffer = gst_buffer_new();

    if (result)
        gst_buffer_add_convnext_meta(buffer, result, age);
    summary_add(summary, buffer);
}

/* The result of an inference that took this long with its preprocessing. */
static GstConvnextResult *new_result(const char *label, guint ms)
{
    GstConvnextResult *result = gst_convnext_result_new("model", 0);

    gst_convnext_result_set_times(result, GST_MSECOND, (ms - 1) * GST_MSECOND);
    gst_convnext_result_add_class(result, 0, label, 0.5f);
    return result;
}

static char *print_summary(Summary *summary)
{
    GPrintFunc before = g_set_print_handler(on_print);

    printed = g_string_new(NULL);
    summary_print(summary, "clip.mp4");
    g_set_print_handler(before);
    summary_free(summary);
    return g_string_free(printed, FALSE);
}

/* Two frames are one interval. */
static void test_rate(void)
{
    Summary *summary = summary_new();
    const gint64 start = g_get_monotonic_time();

    add_frame(summary, NULL, 0);
    g_usleep(100000);
    add_frame(summary, NULL, 0);
    const double longest = (double)(g_get_monotonic_time() - start) / G_USEC_PER_SEC;
    g_autofree char *text = print_summary(summary);
    const char *number = strstr(text, "2 frames of clip.mp4: ");
    g_assert_nonnull(number);
    const double rate = g_ascii_strtod(number + strlen("2 frames of clip.mp4: "), NULL);
    g_assert_cmpfloat(rate, <=, 10.06);
    g_assert_cmpfloat(rate, >=, 1 / longest - 0.06);
}

/* Frames that carry an older result have a share, but no time of their own. */
static void test_median(void)
{
    static const guint times[] = {90, 2, 4};
    Summary *summary = summary_new(), *even = summary_new();

    for (guint i = 0; i < G_N_ELEMENTS(times); i++) {
        g_autoptr(GstConvnextResult) result = new_result(i ? "dark" : "bright", times[i]);

        add_frame(summary, result, 0);
        for (guint carried = 0; i == 0 && carried < 3; carried++)
            add_frame(summary, result, GST_SECOND);
        if (i > 0)
            add_frame(even, result, 0);
    }
    g_autofree char *text = print_summary(summary), *even_text = print_summary(even);
    g_assert_nonnull(strstr(text, "median 4.00 ms per frame\n"));
    g_assert_nonnull(strstr(text, "  bright          66.7 %\n  dark            33.3 %\n"));
    g_assert_nonnull(strstr(even_text, "median 3.00 ms per frame\n"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    gst_init(NULL, NULL);
    g_test_add_func("/summary/rate", test_rate);
    g_test_add_func("/summary/median", test_median);
    return g_test_run();
}
