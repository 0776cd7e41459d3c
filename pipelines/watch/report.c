/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/report.h"

#include "pipelines/common/print.h"

static void print_line(const char *camera, const char *text)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autofree char *time = g_date_time_format(now, "%H:%M:%S");
    g_autofree char *name = print_clean(camera, PRINT_MAX_PART);
    g_autofree char *clean = print_clean(text, PRINT_MAX_LINE);

    g_printerr("%s %s: %s\n", time, name, clean);
}

static gboolean is_repeated(const WatchCamera *camera)
{
    const guint failures = watch_camera_failures(camera);

    switch (watch_camera_state(camera)) {
    case WATCH_CONNECTING:
        return failures > 0;
    case WATCH_WAITING:
        return (failures & (failures - 1)) != 0; /* no power of two */
    default:
        return FALSE;
    }
}

void watch_report_camera(WatchCamera *camera, const char *detail)
{
    if (is_repeated(camera))
        return;
    g_autofree char *text = g_strconcat(watch_state_name(watch_camera_state(camera)),
                                        detail ? ", " : NULL, detail, NULL);

    print_line(watch_camera_settings(camera)->name, text);
}

void watch_report_event(const WatchEvent *event)
{
    g_autofree char *sentence = watch_event_to_sentence(event);

    print_line(watch_event_camera(event), sentence);
}

void watch_report_summary(WatchCamera *camera)
{
    WatchCounts *counts = watch_camera_counts(camera);
    g_autoptr(GstStructure) stats = watch_camera_stats(camera);
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *name = print_clean(watch_camera_settings(camera)->name, PRINT_MAX_PART);
    double p50, p95;

    g_mutex_lock(&counts->lock);
    g_string_append_printf(text,
                           "%s: %" G_GUINT64_FORMAT " frames, %" G_GUINT64_FORMAT
                           " results, %" G_GUINT64_FORMAT " reconnects",
                           name, counts->frames, counts->results, counts->reconnects);
    if (gst_structure_get(stats, "total-p50", G_TYPE_DOUBLE, &p50, "total-p95", G_TYPE_DOUBLE, &p95,
                          NULL))
        g_string_append_printf(text, ", p50 %.2f ms, p95 %.2f ms", p50, p95);
    g_string_append_c(text, '\n');
    if (counts->results > 0)
        labels_append_shares(counts->labels, counts->results, text);
    g_mutex_unlock(&counts->lock);
    g_printerr("%s", text->str);
}
