/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/alarms/alarms.h"

struct WatchAlarms {
    GHashTable *by_name; /* name of a camera -> WatchAlarm */
    WatchAlarmFunc publish;
    gpointer data;
};

WatchAlarms *watch_alarms_new(WatchAlarmFunc publish, gpointer data)
{
    WatchAlarms *alarms = g_new0(WatchAlarms, 1);

    alarms->by_name =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)watch_alarm_free);
    alarms->publish = publish;
    alarms->data = data;
    return alarms;
}

void watch_alarms_free(WatchAlarms *alarms)
{
    g_hash_table_unref(alarms->by_name);
    g_free(alarms);
}

static gboolean is_missing(gpointer name, gpointer alarm, gpointer cameras)
{
    for (guint i = 0; i < ((GPtrArray *)cameras)->len; i++) {
        if (g_str_equal(watch_camera_settings(g_ptr_array_index((GPtrArray *)cameras, i))->name,
                        name))
            return FALSE;
    }
    return TRUE;
}

void watch_alarms_keep(WatchAlarms *alarms, GPtrArray *cameras)
{
    g_hash_table_foreach_remove(alarms->by_name, is_missing, cameras);
}

/* Time */

static gboolean is_file(WatchCamera *camera)
{
    return watch_camera_settings(camera)->kind == WATCH_FILE;
}

/* age: microseconds. */
static WatchMoment moment_ago(gint64 age)
{
    return (WatchMoment){g_get_monotonic_time() - age, g_get_real_time() - age};
}

/* When the results of a message support its label (is_since), or when it was posted. Files are
 * played at any speed, so their monotonic time is the running time. */
static WatchMoment moment_of(WatchCamera *camera, const GstStructure *message, gboolean is_since)
{
    WatchMoment moment = moment_ago(0);
    guint64 since = 0, running = 0;

    if (!gst_structure_get(message, "since", G_TYPE_UINT64, &since, "running-time", G_TYPE_UINT64,
                           &running, NULL) ||
        !GST_CLOCK_TIME_IS_VALID(since) || !GST_CLOCK_TIME_IS_VALID(running) || since > running)
        return moment;
    if (is_file(camera))
        moment.monotonic = (gint64)GST_TIME_AS_USECONDS(is_since ? since : running);
    else if (is_since)
        moment = moment_ago((gint64)GST_TIME_AS_USECONDS(running - since));
    return moment;
}

/* When the last frame arrived. */
static WatchMoment last_frame(WatchCamera *camera)
{
    const gint64 time = watch_camera_last_frame_time(camera);

    return moment_ago(time > 0 ? g_get_monotonic_time() - time : 0);
}

/* Cameras */

static WatchAlarm *find_alarm(WatchAlarms *alarms, WatchCamera *camera)
{
    const char *name = watch_camera_settings(camera)->name;
    WatchAlarm *alarm = g_hash_table_lookup(alarms->by_name, name);
    WatchMoment now = moment_ago(0);

    if (alarm)
        return alarm;
    if (is_file(camera))
        now.monotonic = 0;
    alarm = watch_alarm_new(alarms->publish, alarms->data, now);
    g_hash_table_insert(alarms->by_name, g_strdup(name), alarm);
    return alarm;
}

const WatchAlarm *watch_alarms_find(WatchAlarms *alarms, WatchCamera *camera)
{
    return find_alarm(alarms, camera);
}

/* A file is never lost for a while: it ends, or it cannot be played, which is known at once. */
static void send_failed(WatchAlarms *alarms, WatchCamera *camera)
{
    WatchEvent *event =
        watch_event_new("camera-lost", watch_camera_settings(camera)->name, g_get_real_time());

    watch_event_add_text(event, "cause", watch_camera_cause(camera));
    alarms->publish(event, alarms->data);
}

/* The problem at the end of a file may have held for long enough since the last change. */
static void end_file(WatchAlarms *alarms, WatchCamera *camera)
{
    const GstClockTime pts = watch_camera_last_result_pts(camera);
    WatchMoment moment = moment_ago(0);

    moment.monotonic = (gint64)GST_TIME_AS_USECONDS(pts);
    if (GST_CLOCK_TIME_IS_VALID(pts))
        watch_alarm_tick(find_alarm(alarms, camera), &watch_camera_settings(camera)->rules, moment);
}

void watch_alarms_camera_changed(WatchAlarms *alarms, WatchCamera *camera)
{
    const WatchAlarmRules *rules = &watch_camera_settings(camera)->rules;
    WatchAlarm *alarm = find_alarm(alarms, camera);
    WatchMoment now = moment_ago(0);

    if (is_file(camera))
        now.monotonic = 0;
    switch (watch_camera_state(camera)) {
    case WATCH_PLAYING:
        watch_alarm_set_online(alarm, rules, now);
        break;
    case WATCH_WAITING:
        watch_alarm_set_offline(alarm, last_frame(camera), watch_camera_cause(camera));
        break;
    case WATCH_ENDED:
        end_file(alarms, camera);
        break;
    case WATCH_FAILED:
        if (!watch_camera_owner(camera))
            send_failed(alarms, camera);
        break;
    default:
        break;
    }
}

void watch_alarms_label_changed(WatchAlarms *alarms, WatchCamera *camera,
                                const GstStructure *message)
{
    double score = 0;

    gst_structure_get_double(message, "score", &score);
    watch_alarm_set_label(find_alarm(alarms, camera), &watch_camera_settings(camera)->rules,
                          gst_structure_get_string(message, "new"), score,
                          moment_of(camera, message, TRUE), moment_of(camera, message, FALSE));
}

void watch_alarms_freeze_changed(WatchAlarms *alarms, WatchCamera *camera,
                                 const WatchFreeze *freeze)
{
    WatchEvent *event =
        watch_event_new("frozen", watch_camera_settings(camera)->name, g_get_real_time());

    watch_event_add_text(event, "state", freeze->is_frozen ? "begin" : "end");
    if (!is_file(camera)) /* which is not played at its own speed */
        watch_event_add_time(event, "since", freeze->since);
    if (GST_CLOCK_TIME_IS_VALID(freeze->start))
        watch_event_add_integer(event, "pts", (gint64)freeze->start);
    watch_event_add_number(event, "seconds", (double)freeze->duration / GST_SECOND);
    alarms->publish(event, alarms->data);
}

void watch_alarms_baseline_changed(WatchAlarms *alarms, WatchCamera *camera,
                                   const WatchBaselineChange *change)
{
    const WatchAlarmRules *rules = &watch_camera_settings(camera)->rules;
    const WatchVerdict *verdict = &change->verdict;
    const gint64 duration = (gint64)(verdict->moved_time * G_USEC_PER_SEC);
    WatchAlarm *alarm = find_alarm(alarms, camera);
    WatchMoment now = moment_ago(0), since;

    if (is_file(camera) && GST_CLOCK_TIME_IS_VALID(change->running_time))
        now.monotonic = (gint64)GST_TIME_AS_USECONDS(change->running_time);
    since = (WatchMoment){now.monotonic - duration, now.real - (is_file(camera) ? 0 : duration)};
    watch_alarm_set_inside(alarm, rules, verdict->is_known && !verdict->has_left, now);
    if (verdict->is_settled)
        watch_alarm_set_moved(alarm, rules, verdict->is_moved, since, now);
}

void watch_alarms_tick(WatchAlarms *alarms, WatchCamera *camera)
{
    if (!is_file(camera))
        watch_alarm_tick(find_alarm(alarms, camera), &watch_camera_settings(camera)->rules,
                         moment_ago(0));
}
