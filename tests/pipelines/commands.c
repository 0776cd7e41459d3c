/* Commands that run for events: in order, one at a time for a camera, killed when they do not end,
 * and harmless whatever they do.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/alarms/commands.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

static WatchCommands *commands;
static char *output; /* a file to which the commands append */

static void add(const char *camera, const char *cause, const char *script)
{
    const char *const argv[] = {"/bin/sh", "-c", script, output, NULL};
    WatchEvent *event = watch_event_new("camera-lost", camera, 0);

    watch_event_add_text(event, "cause", cause);
    watch_commands_add(commands, argv, event);
    watch_event_unref(event);
}

static void set_up(gint64 limit, guint max_events)
{
    commands = watch_commands_new(limit, max_events);
    g_close(g_file_open_tmp("commands-XXXXXX", &output, NULL), NULL);
}

static void expect(const char *text)
{
    g_autofree char *found = NULL;

    while (watch_commands_are_busy(commands))
        g_main_context_iteration(NULL, TRUE);
    g_assert_true(g_file_get_contents(output, &found, NULL, NULL));
    g_assert_cmpstr(found, ==, text);
}

static void tear_down(void)
{
    watch_commands_free(commands);
    g_remove(output);
    g_free(output);
}

static void test_order(void)
{
    set_up(60 * G_USEC_PER_SEC, 10);
    add("door", "a", "read -r line; sleep 0.2; echo \"$line\" >>\"$0\"");
    add("door", "b;c \"$d\"", "echo \"$CONVNEXT_CAMERA $CONVNEXT_EVENT $CONVNEXT_CAUSE\" >>\"$0\"");
    add("door", "d", "echo \"$CONVNEXT_TEXT\" >>\"$0\"");
    expect(
        "{\"event\":\"camera-lost\",\"camera\":\"door\",\"time\":\"1970-01-01T00:00:00.000000Z\","
        "\"cause\":\"a\"}\n"
        "door camera-lost b;c \"$d\"\n"
        "the camera is lost: d\n");
    tear_down();
}

/* A command of one camera does not hold up those of another. */
static void test_cameras(void)
{
    set_up(60 * G_USEC_PER_SEC, 10);
    add("door", "", "until [ -s \"$0\" ]; do sleep 0.05; done; echo door >>\"$0\"");
    add("yard", "", "echo yard >>\"$0\"");
    expect("yard\ndoor\n");
    tear_down();
}

/* It ends at the limit, with its children; the next one runs. */
static void test_late(void)
{
    set_up(G_USEC_PER_SEC / 2, 10);
    add("door", "", "trap '' TERM; (sleep 1000; echo wrong >>\"$0\") & wait");
    add("door", "", "echo next >>\"$0\"");
    expect("next\n");
    tear_down();
}

/* The oldest of those that wait are dropped. */
static void test_full(void)
{
    set_up(60 * G_USEC_PER_SEC, 2);
    add("door", "", "sleep 0.3; echo 0 >>\"$0\"");
    add("door", "", "echo 1 >>\"$0\"");
    add("door", "", "echo 2 >>\"$0\"");
    add("door", "", "echo 3 >>\"$0\"");
    expect("0\n2\n3\n");
    tear_down();
}

/* Output without end, no interest in the input, a background child, a signal. */
static void test_hostile(void)
{
    set_up(60 * G_USEC_PER_SEC, 10);
    add("door", "", "exec <&-; head -c 50000000 /dev/zero; head -c 50000000 /dev/zero >&2");
    add("door", "", "sleep 1000 & echo $! >>\"$0.pid\"");
    add("door", "", "echo why >&2; exit 3");
    add("door", "", "kill -KILL $$");
    add("door", "", "echo end >>\"$0\"");
    expect("end\n");
    g_autofree char *path = g_strconcat(output, ".pid", NULL), *pid = NULL;
    g_assert_true(g_file_get_contents(path, &pid, NULL, NULL));
    kill((GPid)g_ascii_strtoll(pid, NULL, 10), SIGKILL);
    g_remove(path);
    tear_down();
}

/* When the program ends, so do its commands. */
static void test_free(void)
{
    g_autofree char *path = NULL, *pid = NULL, *found = NULL;

    set_up(60 * G_USEC_PER_SEC, 10);
    path = g_strconcat(output, ".pid", NULL);
    add("door", "", "echo $$ >\"$0.new\"; mv \"$0.new\" \"$0.pid\"; sleep 1000");
    add("door", "", "echo wrong >>\"$0\"");
    while (!g_file_test(path, G_FILE_TEST_EXISTS))
        g_main_context_iteration(NULL, FALSE);
    g_assert_true(g_file_get_contents(path, &pid, NULL, NULL));
    watch_commands_free(commands);
    while (kill((GPid)g_ascii_strtoll(pid, NULL, 10), 0) == 0)
        g_main_context_iteration(NULL, FALSE);
    g_remove(path);
    g_assert_true(g_file_get_contents(output, &found, NULL, NULL));
    g_assert_cmpstr(found, ==, "");
    g_remove(output);
    g_free(output);
}

static void test_parse(void)
{
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) argv = watch_commands_parse("sh -c 'echo \"$HOME; rm\"' a\\ b", &error);

    g_assert_no_error(error);
    g_assert_cmpuint(g_strv_length(argv), ==, 4);
    g_assert_cmpstr(argv[2], ==, "echo \"$HOME; rm\"");
    g_assert_cmpstr(argv[3], ==, "a b");
    g_assert_null(watch_commands_parse("sh -c 'echo", &error));
    g_assert_nonnull(error);
    g_clear_error(&error);
    g_assert_null(watch_commands_parse("no-such-program-here x", &error));
    g_assert_nonnull(strstr(error->message, "'no-such-program-here' is not found"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    signal(SIGPIPE, SIG_IGN);
    g_test_add_func("/commands/order", test_order);
    g_test_add_func("/commands/cameras", test_cameras);
    g_test_add_func("/commands/late", test_late);
    g_test_add_func("/commands/full", test_full);
    g_test_add_func("/commands/hostile", test_hostile);
    g_test_add_func("/commands/free", test_free);
    g_test_add_func("/commands/parse", test_parse);
    return g_test_run();
}
