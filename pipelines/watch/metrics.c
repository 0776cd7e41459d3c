/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/metrics.h"

#include "pipelines/watch/pipeline.h"
#include "pipelines/watch/process.h"

/* A camera's counts at one moment. */
typedef struct Sample {
    char *stream;          /* the camera's name, escaped */
    char *precision, *isa; /* in use; NULL while no model is open */
    WatchState state;
    gboolean is_frozen, has_problem, is_online, is_moved;
    double progress, distance; /* of the baseline; negative if there is none or it is unknown */
    char *label;               /* the state, escaped; NULL if there is none */
    double label_age;          /* seconds; negative if there is no state */
    guint64 frames, dropped, results, reconnects;
    double frame_age, result_age; /* seconds; negative before the first */
    double frame_lag;             /* seconds; negative if unknown */
    WatchTimes preprocess, inference;
    GArray *labels; /* LabelCount */
} Sample;

/* A Prometheus label value, without the quotes. Prometheus rejects the whole text if one value is
 * not UTF-8. */
static char *escape_label(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    GString *escaped = g_string_new(NULL);

    for (const char *from = valid; *from; from++) {
        if (*from == '\n')
            g_string_append(escaped, "\\n");
        else if (*from == '\\' || *from == '"')
            g_string_append_printf(escaped, "\\%c", *from);
        else
            g_string_append_c(escaped, *from);
    }
    return g_string_free(escaped, FALSE);
}

static double age(gint64 time)
{
    return time ? (double)(g_get_monotonic_time() - time) / G_USEC_PER_SEC : -1;
}

static void take_alarm(Sample *sample, const WatchAlarm *alarm)
{
    const char *label = watch_alarm_label(alarm);

    sample->label = label ? escape_label(label) : NULL;
    sample->label_age =
        label ? (double)(g_get_real_time() - watch_alarm_since(alarm)) / G_USEC_PER_SEC : -1;
    sample->has_problem = watch_alarm_has_problem(alarm);
    sample->is_online = watch_alarm_is_online(alarm);
    sample->is_moved = watch_alarm_is_moved(alarm);
}

static void take_baseline(Sample *sample, WatchCamera *camera)
{
    WatchVerdict verdict;
    const gboolean has_baseline = watch_camera_baseline(camera, &verdict);

    sample->progress = has_baseline ? verdict.progress : -1;
    sample->distance = has_baseline && verdict.is_known ? verdict.ratio : -1;
}

static void take_sample(Sample *sample, WatchCamera *camera, const WatchAlarm *alarm)
{
    WatchCounts *counts = watch_camera_counts(camera);
    g_autoptr(GstStructure) stats = watch_camera_stats(camera);

    sample->precision = g_strdup(gst_structure_get_string(stats, "engine"));
    sample->isa = g_strdup(gst_structure_get_string(stats, "cpu"));
    sample->stream = escape_label(watch_camera_settings(camera)->name);
    sample->state = watch_camera_state(camera);
    take_alarm(sample, alarm);
    take_baseline(sample, camera);
    g_mutex_lock(&counts->lock);
    sample->is_frozen = counts->is_frozen;
    sample->frames = counts->frames;
    sample->dropped = counts->dropped;
    sample->results = counts->results;
    sample->reconnects = counts->reconnects;
    sample->frame_age = age(counts->last_frame_time);
    sample->result_age = age(counts->last_result_time);
    sample->frame_lag =
        GST_CLOCK_TIME_IS_VALID(counts->lag) ? (double)counts->lag / GST_SECOND : -1;
    sample->preprocess = counts->preprocess;
    sample->inference = counts->inference;
    sample->labels = labels_sorted(counts->labels);
    g_mutex_unlock(&counts->lock);
}

static void clear_sample(gpointer data)
{
    Sample *sample = data;

    g_free(sample->stream);
    g_free(sample->precision);
    g_free(sample->isa);
    g_free(sample->label);
    g_array_unref(sample->labels);
}

static void append_header(GString *text, const char *name, const char *type, const char *help)
{
    g_string_append_printf(text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* Always in the format of the C locale. */
static void append_number(GString *text, double number)
{
    char buffer[G_ASCII_DTOSTR_BUF_SIZE];

    g_string_append(text, g_ascii_formatd(buffer, sizeof buffer, "%.9g", number));
    g_string_append_c(text, '\n');
}

/* Appends a counter of each camera: a guint64 at an offset in its sample. */
static void append_counters(GString *text, GArray *samples, const char *name, gsize offset,
                            const char *help)
{
    append_header(text, name, "counter", help);
    for (guint i = 0; i < samples->len; i++) {
        const Sample *sample = &g_array_index(samples, Sample, i);

        g_string_append_printf(text, "%s{stream=\"%s\"} %" G_GUINT64_FORMAT "\n", name,
                               sample->stream, G_STRUCT_MEMBER(guint64, sample, offset));
    }
}

/* Appends a number of each camera that has one, such as seconds: a double at an offset in its
 * sample. */
static void append_gauges(GString *text, GArray *samples, const char *name, gsize offset,
                          const char *help)
{
    append_header(text, name, "gauge", help);
    for (guint i = 0; i < samples->len; i++) {
        const Sample *sample = &g_array_index(samples, Sample, i);
        const double number = G_STRUCT_MEMBER(double, sample, offset);

        if (number < 0)
            continue;
        g_string_append_printf(text, "%s{stream=\"%s\"} ", name, sample->stream);
        append_number(text, number);
    }
}

/* Appends a histogram of each camera: a WatchTimes at an offset in its sample. */
static void append_histograms(GString *text, GArray *samples, const char *name, gsize offset,
                              const char *help)
{
    append_header(text, name, "histogram", help);
    for (guint i = 0; i < samples->len; i++) {
        const Sample *sample = &g_array_index(samples, Sample, i);
        const WatchTimes *times = G_STRUCT_MEMBER_P(sample, offset);
        guint64 below = 0;
        char limit[G_ASCII_DTOSTR_BUF_SIZE];

        for (guint b = 0; b < WATCH_BUCKETS; b++) {
            below += times->buckets[b];
            g_ascii_formatd(limit, sizeof limit, "%g", watch_bucket_limits[b]);
            g_string_append_printf(text,
                                   "%s_bucket{stream=\"%s\",le=\"%s\"} %" G_GUINT64_FORMAT "\n",
                                   name, sample->stream, limit, below);
        }
        g_string_append_printf(text,
                               "%s_bucket{stream=\"%s\",le=\"+Inf\"} %" G_GUINT64_FORMAT
                               "\n%s_count{stream=\"%s\"} %" G_GUINT64_FORMAT
                               "\n%s_sum{stream=\"%s\"} ",
                               name, sample->stream, times->count, name, sample->stream,
                               times->count, name, sample->stream);
        append_number(text, times->sum);
    }
}

static void append_states(GString *text, GArray *samples)
{
    append_header(text, "convnext_camera_state", "gauge",
                  "State of the camera: 1 for the current one.");
    for (guint i = 0; i < samples->len; i++) {
        const Sample *sample = &g_array_index(samples, Sample, i);

        for (WatchState state = 0; state < WATCH_STATES; state++)
            g_string_append_printf(text, "convnext_camera_state{stream=\"%s\",state=\"%s\"} %d\n",
                                   sample->stream, watch_state_name(state), state == sample->state);
    }
}

/* Appends a gboolean of each camera at an offset in its sample. */
static void append_flags(GString *text, GArray *samples, const char *name, gsize offset,
                         const char *help)
{
    append_header(text, name, "gauge", help);
    for (guint i = 0; i < samples->len; i++) {
        const Sample *sample = &g_array_index(samples, Sample, i);

        g_string_append_printf(text, "%s{stream=\"%s\"} %d\n", name, sample->stream,
                               G_STRUCT_MEMBER(gboolean, sample, offset) ? 1 : 0);
    }
}

/* The state, and 0 for every other label that was ever a result's best. */
static void append_label(GString *text, GArray *samples)
{
    append_header(text, "convnext_label", "gauge",
                  "State of the picture: 1 for the current label, 0 for those seen before.");
    for (guint i = 0; i < samples->len; i++) {
        const Sample *sample = &g_array_index(samples, Sample, i);
        static const char format[] = "convnext_label{stream=\"%s\",label=\"%s\"} %d\n";

        for (guint j = 0; j < sample->labels->len; j++) {
            g_autofree char *label =
                escape_label(g_array_index(sample->labels, LabelCount, j).label);

            if (g_strcmp0(label, sample->label) != 0)
                g_string_append_printf(text, format, sample->stream, label, 0);
        }
        if (sample->label)
            g_string_append_printf(text, format, sample->stream, sample->label, 1);
    }
}

static void append_process(GString *text)
{
    static const char *const rows[][3] = {
        {"process_cpu_seconds_total", "counter", "Processor time, user and system."},
        {"process_resident_memory_bytes", "gauge", "Memory in use."},
        {"process_virtual_memory_bytes", "gauge", "Address space in use."},
        {"process_open_fds", "gauge", "Open file descriptors."},
        {"process_max_fds", "gauge", "Limit of open file descriptors."},
        {"process_start_time_seconds", "gauge", "Start of the process, since 1970."},
    };
    WatchProcess process;

    watch_process_read(&process);
    const double values[] = {process.cpu_seconds,           (double)process.resident_bytes,
                             (double)process.virtual_bytes, process.open_fds,
                             (double)process.max_fds,       process.start_time};
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        append_header(text, rows[i][0], rows[i][1], rows[i][2]);
        g_string_append_printf(text, "%s ", rows[i][0]);
        append_number(text, values[i]);
    }
}

static void append_build(GString *text)
{
    guint major, minor, micro, nano;

    gst_version(&major, &minor, &micro, &nano);
    append_header(text, "convnext_build_info", "gauge",
                  "Always 1; the labels name the versions of convnext-watch and GStreamer.");
    g_string_append_printf(text, "convnext_build_info{version=\"%s\",gstreamer=\"%u.%u.%u\"} 1\n",
                           CONVNEXT_VERSION, major, minor, micro);
}

static void append_engines(GString *text, GArray *samples)
{
    append_header(text, "convnext_engine_info", "gauge",
                  "Always 1; the labels name the precision and the isa level that run.");
    for (guint i = 0; i < samples->len; i++) {
        const Sample *sample = &g_array_index(samples, Sample, i);

        if (sample->precision && sample->isa)
            g_string_append_printf(
                text, "convnext_engine_info{stream=\"%s\",precision=\"%s\",cpu=\"%s\"} 1\n",
                sample->stream, sample->precision, sample->isa);
    }
}

static void append_labels(GString *text, GArray *samples)
{
    append_header(text, "convnext_results_total", "counter",
                  "Results by the label of their best class, each counted once.");
    for (guint i = 0; i < samples->len; i++) {
        const Sample *sample = &g_array_index(samples, Sample, i);

        for (guint j = 0; j < sample->labels->len; j++) {
            const LabelCount *count = &g_array_index(sample->labels, LabelCount, j);
            g_autofree char *label = escape_label(count->label);

            g_string_append_printf(text,
                                   "convnext_results_total{stream=\"%s\",label=\"%s\"} "
                                   "%" G_GUINT64_FORMAT "\n",
                                   sample->stream, label, count->count);
        }
    }
}

static void append_all(GString *text, GArray *samples)
{
    append_states(text, samples);
    append_flags(text, samples, "convnext_camera_online", G_STRUCT_OFFSET(Sample, is_online),
                 "Whether frames arrive.");
    append_flags(text, samples, "convnext_camera_frozen", G_STRUCT_OFFSET(Sample, is_frozen),
                 "Whether the picture is frozen, or was when the camera was lost.");
    append_label(text, samples);
    append_gauges(text, samples, "convnext_label_since_seconds", G_STRUCT_OFFSET(Sample, label_age),
                  "Time since the current label became the state.");
    append_flags(text, samples, "convnext_problem", G_STRUCT_OFFSET(Sample, has_problem),
                 "Whether there is a problem: from the event problem-begin to problem-end.");
    append_flags(text, samples, "convnext_camera_moved", G_STRUCT_OFFSET(Sample, is_moved),
                 "Whether the picture has left the baseline for good.");
    append_gauges(text, samples, "convnext_baseline_progress", G_STRUCT_OFFSET(Sample, progress),
                  "Share of the baseline that is learnt, from 0 to 1.");
    append_gauges(text, samples, "convnext_baseline_distance", G_STRUCT_OFFSET(Sample, distance),
                  "Distance of the newest picture from the baseline; above 1 it is outside.");
    append_engines(text, samples);
    append_counters(text, samples, "convnext_frames_total", G_STRUCT_OFFSET(Sample, frames),
                    "Decoded frames, classified or not.");
    append_counters(text, samples, "convnext_frames_skipped_total",
                    G_STRUCT_OFFSET(Sample, dropped),
                    "Frames dropped before decoding because they were too late.");
    append_counters(text, samples, "convnext_inferences_total", G_STRUCT_OFFSET(Sample, results),
                    "Results of the network, for frames or objects in them.");
    append_counters(text, samples, "convnext_reconnects_total", G_STRUCT_OFFSET(Sample, reconnects),
                    "Number of times that the camera was lost.");
    append_labels(text, samples);
    append_gauges(text, samples, "convnext_last_frame_age_seconds",
                  G_STRUCT_OFFSET(Sample, frame_age), "Time since the newest frame arrived.");
    append_gauges(text, samples, "convnext_last_result_age_seconds",
                  G_STRUCT_OFFSET(Sample, result_age), "Time since the newest result.");
    append_gauges(text, samples, "convnext_frame_lag_seconds", G_STRUCT_OFFSET(Sample, frame_lag),
                  "Time from arrival to decoding of a live camera's newest frame.");
    append_histograms(text, samples, "convnext_preprocess_duration_seconds",
                      G_STRUCT_OFFSET(Sample, preprocess),
                      "Time to turn a frame into the network's input.");
    append_histograms(text, samples, "convnext_inference_duration_seconds",
                      G_STRUCT_OFFSET(Sample, inference), "Time of the network's forward pass.");
    append_header(text, "convnext_connections_left_behind", "gauge",
                  "Connections that did not close in time and still hold memory.");
    g_string_append_printf(text, "convnext_connections_left_behind %u\n",
                           watch_pipeline_left_behind());
    append_build(text);
    append_process(text);
}

char *watch_metrics_text(GPtrArray *cameras, WatchAlarms *alarms)
{
    g_autoptr(GArray) samples = g_array_new(FALSE, TRUE, sizeof(Sample));
    GString *text = g_string_new(NULL);

    g_array_set_clear_func(samples, clear_sample);
    g_array_set_size(samples, cameras->len);
    for (guint i = 0; i < cameras->len; i++)
        take_sample(&g_array_index(samples, Sample, i), cameras->pdata[i],
                    watch_alarms_find(alarms, cameras->pdata[i]));
    append_all(text, samples);
    return g_string_free(text, FALSE);
}
