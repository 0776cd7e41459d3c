/* The alarms of a camera, with a clock of the test's own: each event once, and at its time.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/alarms/alarm.h"

#include <stdlib.h>
#include <time.h>

#include "pipelines/watch/alarms/quiet.h"

#define START                                                                           \
    G_GINT64_CONSTANT(1767614400) /* 2026-01-05T12:00:00Z, in the time zone of the test \
                                   */

static const char *const normal[] = {"normal", "closed", NULL};
static const char *const ignored[] = {"defocused", NULL};
static const char *const none[] = {NULL};

typedef struct Case {
    WatchAlarm *alarm;
    WatchAlarmRules rules;
    GString *sent; /* a line for each event: seconds since the start, and what it says */
    gint64 now;    /* microseconds since the start */
} Case;

static WatchMoment moment(gint64 time)
{
    return (WatchMoment){time, START * G_USEC_PER_SEC + time};
}

static void on_event(WatchEvent *event, gpointer data)
{
    Case *test = data;
    g_autofree char *sentence = watch_event_to_sentence(event);

    g_assert_cmpstr(watch_event_camera(event), ==, "door");
    g_string_append_printf(test->sent, "%d %s: %s\n", (int)(test->now / G_USEC_PER_SEC),
                           watch_event_name(event), sentence);
    watch_event_unref(event);
}

static Case *new_case(const char *quiet)
{
    Case *test = g_new0(Case, 1);

    test->rules = (WatchAlarmRules){.camera = "door",
                                    .offline_after = 30 * G_USEC_PER_SEC,
                                    .alarm_after = 10 * G_USEC_PER_SEC,
                                    .clear_after = 5 * G_USEC_PER_SEC,
                                    .normal = normal,
                                    .ignored = ignored,
                                    .quiet = watch_quiet_parse(quiet)};
    g_assert_nonnull(test->rules.quiet);
    test->sent = g_string_new(NULL);
    test->alarm = watch_alarm_new(on_event, test, moment(0));
    return test;
}

static void free_case(Case *test)
{
    watch_alarm_free(test->alarm);
    g_array_unref((GArray *)test->rules.quiet);
    g_string_free(test->sent, TRUE);
    g_free(test);
}

/* Lets time pass up to a second of the test, in ticks of a tenth. */
static void wait_until(Case *test, int second)
{
    const gint64 end = (gint64)second * G_USEC_PER_SEC;

    for (; test->now < end; test->now += G_USEC_PER_SEC / 10)
        watch_alarm_tick(test->alarm, &test->rules, moment(test->now));
}

static void set_label(Case *test, const char *label)
{
    watch_alarm_set_label(test->alarm, &test->rules, label, 0.75, moment(test->now),
                          moment(test->now));
}

static void expect(Case *test, const char *lines)
{
    g_assert_cmpstr(test->sent->str, ==, lines);
    g_string_truncate(test->sent, 0);
}

static void test_lost(void)
{
    Case *test = new_case("");

    wait_until(test, 29);
    watch_alarm_set_offline(test->alarm, moment(test->now), "refused");
    watch_alarm_set_offline(test->alarm, moment(test->now), "no route");
    expect(test, "");
    wait_until(test, 300); /* a camera that never answers */
    expect(test, "30 camera-lost: the camera is lost: no route\n");
    watch_alarm_set_online(test->alarm, &test->rules, moment(test->now));
    expect(test, "300 camera-back: the camera is back after 5 min\n");
    wait_until(test, 400);
    watch_alarm_set_offline(test->alarm, moment(398 * G_USEC_PER_SEC), "no frame for 2 s");
    wait_until(test, 420);
    watch_alarm_set_online(test->alarm, &test->rules, moment(test->now)); /* too short to tell */
    wait_until(test, 500);
    expect(test, "");
    test->rules.may_sleep = TRUE;
    watch_alarm_set_offline(test->alarm, moment(test->now), "asleep");
    wait_until(test, 600);
    watch_alarm_set_online(test->alarm, &test->rules, moment(test->now));
    expect(test, "");
    free_case(test);
}

static void set_inside(Case *test, gboolean is_inside)
{
    watch_alarm_set_inside(test->alarm, &test->rules, is_inside, moment(test->now));
}

/* A label alarms only if the picture has left the baseline, or if that is not known. */
static void test_inside(void)
{
    Case *test = new_case("");

    test->rules.has_baseline = TRUE;
    watch_alarm_set_online(test->alarm, &test->rules, moment(0));
    set_label(test, "dark");
    wait_until(test, 20);
    expect(test, "0 state: shows dark\n10 problem-begin: the picture is dark\n");
    set_inside(test, TRUE);
    wait_until(test, 100);
    expect(test, "25 problem-end: the picture is no longer dark, after 20 s\n");
    set_inside(test, FALSE); /* for less than alarm-after */
    wait_until(test, 109);
    set_inside(test, TRUE);
    wait_until(test, 200);
    expect(test, "");
    set_inside(test, FALSE);
    wait_until(test, 220);
    expect(test, "210 problem-begin: the picture is dark\n");
    set_inside(test, TRUE);
    test->rules.has_baseline = FALSE; /* by SIGHUP */
    wait_until(test, 300);
    expect(test, "");
    free_case(test);
}

static void set_moved(Case *test, gboolean is_moved, int since)
{
    watch_alarm_set_moved(test->alarm, &test->rules, is_moved,
                          moment((gint64)since * G_USEC_PER_SEC), moment(test->now));
}

static void test_moved(void)
{
    Case *test = new_case("12:05-12:10");

    test->rules.has_baseline = TRUE;
    watch_alarm_set_online(test->alarm, &test->rules, moment(0));
    set_moved(test, FALSE, 0);
    wait_until(test, 100);
    set_moved(test, TRUE, 40);
    set_moved(test, TRUE, 40);
    wait_until(test, 200);
    g_assert_true(watch_alarm_is_moved(test->alarm));
    expect(test, "100 moved: moved, the picture has been another one for 60 s\n");
    set_moved(test, FALSE, 40);
    wait_until(test, 310);
    expect(test, "200 moved: no longer moved, the picture is back after 3 min\n");
    set_moved(test, TRUE, 310); /* in quiet hours */
    wait_until(test, 599);
    expect(test, "");
    wait_until(test, 650);
    expect(test, "600 moved: moved, the picture has been another one for 5 min\n");
    test->rules.has_baseline = FALSE;
    wait_until(test, 700);
    g_assert_false(watch_alarm_is_moved(test->alarm));
    expect(test, "650 moved: no longer moved, the picture is back after 6 min\n");
    free_case(test);
}

static void test_problem(void)
{
    Case *test = new_case("");

    watch_alarm_set_online(test->alarm, &test->rules, moment(0));
    set_label(test, "normal");
    wait_until(test, 100);
    set_label(test, "dark"); /* for less than alarm-after */
    wait_until(test, 109);
    set_label(test, "closed");
    wait_until(test, 200);
    expect(test, "0 state: shows normal\n100 state: shows dark; was normal\n"
                 "109 state: shows closed; was dark\n");
    set_label(test, "dark");
    wait_until(test, 205);
    set_label(test, "noisy"); /* another problem, but one without a break */
    wait_until(test, 250);
    set_label(test, "normal"); /* for less than clear-after */
    wait_until(test, 254);
    set_label(test, "noisy");
    wait_until(test, 260);
    set_label(test, "defocused"); /* ignored */
    g_assert_true(watch_alarm_has_problem(test->alarm));
    wait_until(test, 300);
    g_assert_false(watch_alarm_has_problem(test->alarm));
    expect(test, "200 state: shows dark; was closed\n205 state: shows noisy; was dark\n"
                 "210 problem-begin: the picture is noisy\n250 state: shows normal; was noisy\n"
                 "254 state: shows noisy; was normal\n260 state: shows defocused; was noisy\n"
                 "265 problem-end: the picture is no longer noisy, after 60 s\n");
    set_label(test, NULL); /* no known label is no problem */
    wait_until(test, 400);
    expect(test, "300 state: no known label; was defocused\n");
    free_case(test);
}

/* What an offline camera shows is unknown. */
static void test_offline_problem(void)
{
    Case *test = new_case("");

    watch_alarm_set_online(test->alarm, &test->rules, moment(0));
    set_label(test, "dark");
    wait_until(test, 5);
    watch_alarm_set_offline(test->alarm, moment(test->now), "gone");
    wait_until(test, 20);
    watch_alarm_set_online(test->alarm, &test->rules, moment(test->now));
    wait_until(test, 40);
    expect(test, "0 state: shows dark\n30 problem-begin: the picture is dark\n");
    free_case(test);
}

static void test_no_normal(void)
{
    Case *test = new_case("");

    test->rules.normal = none;
    watch_alarm_set_online(test->alarm, &test->rules, moment(0));
    set_label(test, "tabby cat");
    wait_until(test, 100);
    expect(test, "0 state: shows tabby cat\n");
    free_case(test);
}

/* 12:00 to 12:02 is quiet: what still holds after it is sent then. */
static void test_quiet(void)
{
    Case *test = new_case("23:00-04:00, 12:00-12:02");

    watch_alarm_set_online(test->alarm, &test->rules, moment(0));
    set_label(test, "dark");
    wait_until(test, 60);
    set_label(test, "normal");
    wait_until(test, 70);
    set_label(test, "noisy");
    wait_until(test, 200);
    expect(test, "0 state: shows dark\n60 state: shows normal; was dark\n"
                 "70 state: shows noisy; was normal\n120 problem-begin: the picture is noisy\n");
    free_case(test);
    test = new_case("12:00-12:02");
    wait_until(test, 200);
    expect(test, "120 camera-lost: the camera is lost\n");
    free_case(test);
}

/* A label that results have supported for a while, and a tick that comes late, as for a file. */
static void test_since(void)
{
    Case *test = new_case("");

    watch_alarm_set_online(test->alarm, &test->rules, moment(0));
    test->now = 8 * G_USEC_PER_SEC;
    watch_alarm_set_label(test->alarm, &test->rules, "dark", 0.75, moment(5 * G_USEC_PER_SEC),
                          moment(test->now));
    test->now = 20 * G_USEC_PER_SEC;
    set_label(test, "normal");
    watch_alarm_tick(test->alarm, &test->rules, moment(30 * G_USEC_PER_SEC));
    expect(test, "8 state: shows dark\n20 problem-begin: the picture is dark\n"
                 "20 state: shows normal; was dark\n"
                 "20 problem-end: the picture is no longer dark, after 15 s\n");
    free_case(test);
}

static gboolean is_quiet(const char *text, int hour, int minute)
{
    g_autoptr(GArray) ranges = watch_quiet_parse(text);

    g_assert_nonnull(ranges);
    return watch_quiet_contains(ranges,
                                (START + ((hour - 12) * 60 + minute) * 60) * G_USEC_PER_SEC);
}

static void test_hours(void)
{
    static const char *const wrong[] = {"22",           "22:00",       "22:00-",
                                        "24:00-06:00",  "22:60-06:00", "2:00-6:00",
                                        "22:00-06:00,", ",",           "22:00-06:00;23:00-24:00",
                                        "-1:00-02:00",  "22:00 06:00"};

    g_assert_false(is_quiet("", 3, 0));
    g_assert_true(is_quiet("22:00-06:00", 22, 0));
    g_assert_true(is_quiet("22:00-06:00", 5, 59));
    g_assert_false(is_quiet("22:00-06:00", 6, 0));
    g_assert_false(is_quiet("22:00-06:00", 21, 59));
    g_assert_true(is_quiet("08:00-09:00,12:00-13:30", 13, 29));
    g_assert_false(is_quiet("08:00-09:00,12:00-13:30", 13, 30));
    g_assert_true(is_quiet("00:00-00:00", 17, 0)); /* the whole day */
    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++)
        g_assert_null(watch_quiet_parse(wrong[i]));
}

static void test_environment(void)
{
    g_autoptr(WatchEvent) event = watch_event_new("state", "d\xff or\n", START * G_USEC_PER_SEC);
    const char *const before[] = {"PATH=/bin", "CONVNEXT_CAUSE=of another", "CONVNEXT_CPU=c", NULL};
    g_auto(GStrv) environment = NULL;

    watch_event_add_text(event, "new", "dark");
    watch_event_add_number(event, "score", 0.5);
    environment = watch_event_to_environment(event, (char **)before);
    g_assert_cmpstr(g_environ_getenv(environment, "PATH"), ==, "/bin");
    g_assert_cmpstr(g_environ_getenv(environment, "CONVNEXT_CPU"), ==, "c");
    g_assert_null(g_environ_getenv(environment, "CONVNEXT_CAUSE"));
    g_assert_cmpstr(g_environ_getenv(environment, "CONVNEXT_EVENT"), ==, "state");
    g_assert_cmpstr(g_environ_getenv(environment, "CONVNEXT_CAMERA"), ==, "d\357\277\275 or?");
    g_assert_cmpstr(g_environ_getenv(environment, "CONVNEXT_TIME"), ==,
                    "2026-01-05T12:00:00.000000Z");
    g_assert_cmpstr(g_environ_getenv(environment, "CONVNEXT_SCORE"), ==, "0.5");
    g_assert_cmpstr(g_environ_getenv(environment, "CONVNEXT_TEXT"), ==, "shows dark");
}

int main(int argc, char **argv)
{
    setenv("TZ", "UTC", TRUE);
    tzset();
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/alarm/lost", test_lost);
    g_test_add_func("/alarm/problem", test_problem);
    g_test_add_func("/alarm/inside", test_inside);
    g_test_add_func("/alarm/moved", test_moved);
    g_test_add_func("/alarm/offline-problem", test_offline_problem);
    g_test_add_func("/alarm/no-normal", test_no_normal);
    g_test_add_func("/alarm/quiet", test_quiet);
    g_test_add_func("/alarm/since", test_since);
    g_test_add_func("/alarm/hours", test_hours);
    g_test_add_func("/alarm/environment", test_environment);
    return g_test_run();
}
