/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/alarms/alarm.h"

#include <string.h>

#include "pipelines/watch/alarms/quiet.h"

struct WatchAlarm {
    WatchAlarmFunc func;
    gpointer data;

    gboolean is_online;
    gboolean lost_is_sent;
    WatchMoment offline_since; /* the last frame, or the start */
    char *cause;               /* of being offline, or NULL */

    char *label; /* or NULL */
    double score;
    WatchMoment label_since;
    gboolean is_inside;       /* the baseline; FALSE if that is not known */
    gboolean is_faulty;       /* the label is outside normal and ignored, and not is_inside */
    WatchMoment change_since; /* since when is_faulty has held while the camera was online */

    char *problem; /* the label of problem-begin; NULL after problem-end */
    WatchMoment problem_since;

    gboolean is_moved, moved_is_sent;
    WatchMoment moved_since;
};

WatchAlarm *watch_alarm_new(WatchAlarmFunc func, gpointer data, WatchMoment now)
{
    WatchAlarm *alarm = g_new0(WatchAlarm, 1);

    alarm->func = func;
    alarm->data = data;
    alarm->offline_since = alarm->change_since = alarm->label_since = now;
    return alarm;
}

void watch_alarm_free(WatchAlarm *alarm)
{
    g_free(alarm->cause);
    g_free(alarm->label);
    g_free(alarm->problem);
    g_free(alarm);
}

static WatchEvent *begin_event(const char *name, const WatchAlarmRules *rules, WatchMoment now)
{
    return watch_event_new(name, rules->camera, now.real);
}

static double seconds_between(WatchMoment from, WatchMoment to)
{
    return (double)(to.monotonic - from.monotonic) / G_USEC_PER_SEC;
}

/* Connection */

static void send_lost(WatchAlarm *alarm, const WatchAlarmRules *rules, WatchMoment now)
{
    WatchEvent *event = begin_event("camera-lost", rules, now);

    alarm->lost_is_sent = TRUE;
    watch_event_add_time(event, "since", alarm->offline_since.real);
    watch_event_add_text(event, "cause", alarm->cause);
    alarm->func(event, alarm->data);
}

static void send_back(WatchAlarm *alarm, const WatchAlarmRules *rules, WatchMoment now)
{
    WatchEvent *event = begin_event("camera-back", rules, now);

    alarm->lost_is_sent = FALSE;
    watch_event_add_time(event, "since", alarm->offline_since.real);
    watch_event_add_number(event, "outage", seconds_between(alarm->offline_since, now));
    alarm->func(event, alarm->data);
}

void watch_alarm_set_online(WatchAlarm *alarm, const WatchAlarmRules *rules, WatchMoment now)
{
    if (alarm->is_online)
        return;
    alarm->is_online = TRUE;
    alarm->change_since = now;
    g_clear_pointer(&alarm->cause, g_free);
    if (alarm->lost_is_sent)
        send_back(alarm, rules, now);
}

void watch_alarm_set_offline(WatchAlarm *alarm, WatchMoment last, const char *cause)
{
    if (alarm->is_online)
        alarm->offline_since = last;
    alarm->is_online = FALSE;
    g_free(alarm->cause);
    alarm->cause = g_strdup(cause);
}

/* Problems */

static void send_problem(WatchAlarm *alarm, const WatchAlarmRules *rules, WatchMoment now)
{
    WatchEvent *event = begin_event("problem-begin", rules, now);

    alarm->problem = g_strdup(alarm->label);
    alarm->problem_since = alarm->change_since;
    watch_event_add_text(event, "label", alarm->problem);
    watch_event_add_number(event, "score", alarm->score);
    watch_event_add_time(event, "since", alarm->problem_since.real);
    alarm->func(event, alarm->data);
}

static void send_problem_end(WatchAlarm *alarm, const WatchAlarmRules *rules, WatchMoment now)
{
    WatchEvent *event = begin_event("problem-end", rules, now);

    watch_event_add_text(event, "label", alarm->problem);
    watch_event_add_time(event, "since", alarm->problem_since.real);
    watch_event_add_number(event, "seconds",
                           seconds_between(alarm->problem_since, alarm->change_since));
    g_clear_pointer(&alarm->problem, g_free);
    alarm->func(event, alarm->data);
}

static gboolean is_faulty(const WatchAlarm *alarm, const WatchAlarmRules *rules)
{
    const char *label = alarm->label;

    return label && !(rules->has_baseline && alarm->is_inside) && rules->normal[0] &&
           !g_strv_contains(rules->normal, label) && !g_strv_contains(rules->ignored, label);
}

/* The baseline */

static void send_moved(WatchAlarm *alarm, const WatchAlarmRules *rules, gboolean is_moved,
                       WatchMoment now)
{
    WatchEvent *event = begin_event("moved", rules, now);

    alarm->moved_is_sent = is_moved;
    watch_event_add_text(event, "state", is_moved ? "begin" : "end");
    watch_event_add_time(event, "since", alarm->moved_since.real);
    watch_event_add_number(event, "seconds", seconds_between(alarm->moved_since, now));
    alarm->func(event, alarm->data);
}

/* A baseline that the list no longer has cannot be left. */
static void update_moved(WatchAlarm *alarm, const WatchAlarmRules *rules, gboolean is_quiet,
                         WatchMoment now)
{
    const gboolean is_moved = alarm->is_moved && rules->has_baseline;

    if (is_moved != alarm->moved_is_sent && !(is_moved && is_quiet))
        send_moved(alarm, rules, is_moved, now);
}

void watch_alarm_set_inside(WatchAlarm *alarm, const WatchAlarmRules *rules, gboolean is_inside,
                            WatchMoment now)
{
    const gboolean was_faulty = alarm->is_faulty;

    watch_alarm_tick(alarm, rules, now); /* for what held until now */
    alarm->is_inside = is_inside;
    alarm->is_faulty = is_faulty(alarm, rules);
    if (alarm->is_faulty != was_faulty)
        alarm->change_since = now;
}

void watch_alarm_set_moved(WatchAlarm *alarm, const WatchAlarmRules *rules, gboolean is_moved,
                           WatchMoment since, WatchMoment now)
{
    if (is_moved && !alarm->is_moved)
        alarm->moved_since = since;
    alarm->is_moved = is_moved;
    watch_alarm_tick(alarm, rules, now);
}

static void send_state(WatchAlarm *alarm, const WatchAlarmRules *rules, const char *old,
                       WatchMoment now)
{
    WatchEvent *event = begin_event("state", rules, now);

    watch_event_add_text(event, "old", old);
    watch_event_add_text(event, "new", alarm->label);
    watch_event_add_number(event, "score", alarm->score);
    watch_event_add_time(event, "since", alarm->label_since.real);
    alarm->func(event, alarm->data);
}

void watch_alarm_set_label(WatchAlarm *alarm, const WatchAlarmRules *rules, const char *label,
                           double score, WatchMoment since, WatchMoment now)
{
    g_autofree char *old = alarm->label;
    const gboolean was_faulty = alarm->is_faulty;

    watch_alarm_tick(alarm, rules, since); /* for the label that held until then */
    alarm->label = g_strdup(label);
    alarm->score = score;
    alarm->label_since = since;
    alarm->is_faulty = is_faulty(alarm, rules);
    if (alarm->is_faulty != was_faulty)
        alarm->change_since = since;
    send_state(alarm, rules, old, now);
}

void watch_alarm_tick(WatchAlarm *alarm, const WatchAlarmRules *rules, WatchMoment now)
{
    const gboolean is_quiet = watch_quiet_contains(rules->quiet, now.real);

    if (!alarm->is_online) {
        if (!alarm->lost_is_sent && !rules->may_sleep && !is_quiet &&
            now.monotonic - alarm->offline_since.monotonic >= rules->offline_after)
            send_lost(alarm, rules, now);
        return;
    }
    alarm->is_faulty = is_faulty(alarm, rules); /* the rules may be new */
    const gint64 age = now.monotonic - alarm->change_since.monotonic;
    if (alarm->is_faulty && !alarm->problem && !is_quiet && age >= rules->alarm_after)
        send_problem(alarm, rules, now);
    else if (!alarm->is_faulty && alarm->problem && age >= rules->clear_after)
        send_problem_end(alarm, rules, now);
    update_moved(alarm, rules, is_quiet, now);
}

gboolean watch_alarm_is_silent(const WatchAlarmRules *rules, const WatchEvent *event, gint64 time)
{
    const char *name = watch_event_name(event);

    const gboolean is_moved_end =
        strcmp(name, "moved") == 0 && g_strcmp0(watch_event_text(event, "state"), "end") == 0;

    return watch_quiet_contains(rules->quiet, time) && strcmp(name, "camera-back") != 0 &&
           strcmp(name, "problem-end") != 0 && !is_moved_end;
}

/* State */

gboolean watch_alarm_is_online(const WatchAlarm *alarm)
{
    return alarm->is_online;
}

gboolean watch_alarm_is_moved(const WatchAlarm *alarm)
{
    return alarm->moved_is_sent;
}

gboolean watch_alarm_has_problem(const WatchAlarm *alarm)
{
    return alarm->problem != NULL;
}

const char *watch_alarm_label(const WatchAlarm *alarm)
{
    return alarm->label;
}

double watch_alarm_score(const WatchAlarm *alarm)
{
    return alarm->score;
}

gint64 watch_alarm_since(const WatchAlarm *alarm)
{
    return alarm->label_since.real;
}

const char *watch_alarm_cause(const WatchAlarm *alarm)
{
    return alarm->cause;
}

gint64 watch_alarm_offline_since(const WatchAlarm *alarm)
{
    return alarm->offline_since.real;
}
