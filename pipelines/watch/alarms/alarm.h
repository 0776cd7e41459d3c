/* The events of one camera, each sent once:
 *
 * event           when
 * camera-lost     no frame for offline-after, since the last one or since the start
 * camera-back     the first frame after camera-lost
 * state           the label has changed
 * problem-begin   labels outside normal and ignore have held for alarm-after
 * problem-end     after problem-begin, labels within them have held for clear-after
 * moved           the picture has left the baseline for good, with state begin, or is back (end)
 *
 * In quiet hours, neither camera-lost, problem-begin nor the begin of moved is sent: if the cause
 * still holds at their end, the event follows then. While the camera is offline its picture is
 * unknown, so a problem neither begins nor ends, and the times of alarm-after and clear-after start
 * again when it is back.
 *
 * With a baseline, a label is outside only while the picture has left it too, or while the baseline
 * is not known yet.
 *
 * An alarm has no clock: every function gets the time, and watch_alarm_tick() lets it pass.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pipelines/watch/alarms/event.h"

typedef struct WatchAlarm WatchAlarm;

/* All pointers are borrowed and must outlive their use; times are in microseconds. */
typedef struct WatchAlarmRules {
    const char *camera;
    gint64 offline_after, alarm_after, clear_after;
    gboolean may_sleep;         /* camera-lost and camera-back are not sent */
    const char *const *normal;  /* labels, ending with NULL; none: there are no problems */
    const char *const *ignored; /* likewise; neither problems nor normal */
    const GArray *quiet;        /* of WatchQuietRange */
    gboolean has_baseline;
} WatchAlarmRules;

/* The same moment twice. For the frames of a file, monotonic is their stream time. */
typedef struct WatchMoment {
    gint64 monotonic; /* microseconds */
    gint64 real;      /* microseconds since 1970 */
} WatchMoment;

/* Takes the event. */
typedef void (*WatchAlarmFunc)(WatchEvent *event, gpointer data);

/* The camera is offline at first, and shows no label. */
WatchAlarm *watch_alarm_new(WatchAlarmFunc func, gpointer data, WatchMoment now);
void watch_alarm_free(WatchAlarm *alarm);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WatchAlarm, watch_alarm_free)

/* Frames arrive. */
void watch_alarm_set_online(WatchAlarm *alarm, const WatchAlarmRules *rules, WatchMoment now);

/* Frames no longer arrive, the last one at this moment. cause: one sentence. If the camera is
 * offline already, cause replaces the earlier one. */
void watch_alarm_set_offline(WatchAlarm *alarm, WatchMoment last, const char *cause);

/* The label has changed. NULL: no known label, which is no problem. since: from when on results
 * support the label. */
void watch_alarm_set_label(WatchAlarm *alarm, const WatchAlarmRules *rules, const char *label,
                           double score, WatchMoment since, WatchMoment now);

/* Whether the picture is known to be inside the baseline. */
void watch_alarm_set_inside(WatchAlarm *alarm, const WatchAlarmRules *rules, gboolean is_inside,
                            WatchMoment now);

/* Whether the picture has moved, since when, or until when from then on. Nothing is sent if it has
 * not changed. */
void watch_alarm_set_moved(WatchAlarm *alarm, const WatchAlarmRules *rules, gboolean is_moved,
                           WatchMoment since, WatchMoment now);

void watch_alarm_tick(WatchAlarm *alarm, const WatchAlarmRules *rules, WatchMoment now);

/* Whether an event is kept from hooks, because it happens in quiet hours and does not end an alarm
 * that has been sent. */
gboolean watch_alarm_is_silent(const WatchAlarmRules *rules, const WatchEvent *event, gint64 time);

/* What holds now, whether it has been sent or not. */
gboolean watch_alarm_is_online(const WatchAlarm *alarm);
gboolean watch_alarm_is_moved(const WatchAlarm *alarm);    /* the picture has left the baseline */
gboolean watch_alarm_has_problem(const WatchAlarm *alarm); /* between problem-begin and its end */
const char *watch_alarm_label(const WatchAlarm *alarm);    /* or NULL */
double watch_alarm_score(const WatchAlarm *alarm);
gint64 watch_alarm_since(const WatchAlarm *alarm);      /* of the label, microseconds since 1970 */
const char *watch_alarm_cause(const WatchAlarm *alarm); /* why it is offline, or NULL */
gint64 watch_alarm_offline_since(const WatchAlarm *alarm); /* microseconds since 1970 */
