/* The settings of a camera from a key file: numbers at their limits, keys of the camera and of
 * [watch], credentials, and what makes two cameras equal.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/settings.h"

#include <glib/gstdio.h>
#include <string.h>

#include "pipelines/watch/list.h"

/* The settings of the camera "door" in a list with these keys; NULL with error. */
static WatchSettings *read_settings(const char *defaults, const char *keys, GError **error)
{
    g_autofree char *text =
        g_strdup_printf("[watch]\n%s\n[door]\nsource=test:ball\n%s\n", defaults, keys);
    g_autoptr(GKeyFile) file = g_key_file_new();

    g_assert_true(g_key_file_load_from_data(file, text, (gsize)-1, G_KEY_FILE_NONE, NULL));
    return watch_settings_new(file, "door", NULL, error);
}

static WatchSettings *expect_settings(const char *defaults, const char *keys)
{
    GError *error = NULL;
    WatchSettings *settings = read_settings(defaults, keys, &error);

    g_assert_no_error(error);
    return settings;
}

static void expect_refusal(const char *keys, const char *word)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(read_settings("", keys, &error));
    g_assert_nonnull(error);
    if (!strstr(error->message, word))
        g_error("expected '%s', found: %s", word, error->message);
}

static void test_numbers(void)
{
    WatchSettings *settings = expect_settings("stall-timeout=7", "");

    g_assert_cmpint(settings->stall_timeout, ==, 7000000);
    g_assert_cmpint(settings->connect_timeout, ==, 15000000);
    g_assert_cmpint(settings->min_delay, ==, 250000);
    g_assert_cmpint(settings->max_delay, ==, 3000000);
    g_assert_cmpuint(settings->latency, ==, 200);
    watch_settings_unref(settings);
    settings = expect_settings("stall-timeout=7",
                               "stall-timeout=0.1\nconnect-timeout=3600\nreconnect-min=0.01\n"
                               "reconnect-max=0.01\nlatency=60000");
    g_assert_cmpint(settings->stall_timeout, ==, 100000);
    g_assert_cmpint(settings->connect_timeout, ==, 3600000000);
    g_assert_cmpint(settings->min_delay, ==, 10000);
    g_assert_cmpint(settings->max_delay, ==, 10000);
    g_assert_cmpuint(settings->latency, ==, 60000);
    watch_settings_unref(settings);
    expect_refusal("stall-timeout=0.09", "expected a number from 0.1 to 3600");
    expect_refusal("stall-timeout=3601", "expected a number from 0.1 to 3600");
    expect_refusal("latency=60001", "expected a whole number from 0 to 60000");
    expect_refusal("stall-timeout=0", "expected a number from 0.1 to 3600");
    expect_refusal("latency=nan", "expected a whole number");
    expect_refusal("latency=5 s", "expected a whole number");
    expect_refusal("reconnect-min=4", "larger than reconnect-max");
}

/* 0 disables the check, and no other number does. */
static void test_frozen_time(void)
{
    static const struct {
        const char *text;
        gint64 time; /* microseconds, or -1 if it is refused */
    } cases[] = {
        {"0", 0},
        {"0.0", 0},
        {"-0", 0},
        {"1", 1000000},
        {"1.0000001", 1000000},
        {"86400", G_GINT64_CONSTANT(86400000000)},
        {"1e-9", -1},
        {"1e-300", -1},
        {"1e-999", -1},
        {"0.9999999", -1},
        {"-1e-9", -1},
        {"-60", -1},
        {"86400.1", -1},
        {"1e300", -1},
        {"1e999", -1},
        {"inf", -1},
        {"-inf", -1},
        {"nan", -1},
        {"60s", -1},
        {"", -1},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *key = g_strconcat("frozen-time=", cases[i].text, NULL);
        g_autofree char *error = g_strdup_printf(
            "[door]: frozen-time is '%s', expected 0 or a number from 1 to 86400", cases[i].text);

        if (cases[i].time < 0) {
            expect_refusal(key, error);
            continue;
        }
        WatchSettings *settings = expect_settings("", key);
        g_assert_cmpint(settings->frozen_time, ==, cases[i].time);
        watch_settings_unref(settings);
    }
}

/* The number of times that the settings set the property, and its value. */
static guint count_property(const WatchSettings *settings, const char *name, const char **value)
{
    guint count = 0;

    for (guint i = 0; i < settings->properties->len; i += 2)
        if (g_str_equal(settings->properties->pdata[i], name)) {
            *value = settings->properties->pdata[i + 1];
            count++;
        }
    return count;
}

/* A property of the camera replaces that of [watch]. */
static void test_properties(void)
{
    WatchSettings *settings = expect_settings("top-k=2\ninterval=5", "top-k=3\nmode=sync");
    const char *value = NULL;

    g_assert_cmpuint(count_property(settings, "top-k", &value), ==, 1);
    g_assert_cmpstr(value, ==, "3");
    g_assert_cmpuint(count_property(settings, "interval", &value), ==, 1);
    g_assert_cmpstr(value, ==, "5");
    g_assert_cmpuint(count_property(settings, "mode", &value), ==, 1);
    g_assert_cmpstr(value, ==, "sync");
    watch_settings_unref(settings);
    settings = expect_settings("", "");
    g_assert_cmpuint(count_property(settings, "mode", &value), ==, 1);
    g_assert_cmpstr(value, ==, "latest");
    watch_settings_unref(settings);
}

/* Without keys for it, results are combined over three seconds. */
static void test_smoothing(void)
{
    static const struct {
        const char *defaults, *keys, *smoothing, *time;
    } cases[] = {
        {"", "", "majority", "3000000000"},
        {"smoothing=none", "", "none", NULL},
        {"", "smoothing=exponential", "exponential", NULL},
        {"smoothing=majority", "smoothing-count=2", "majority", NULL},
        {"smoothing-window=9", "", "majority", NULL},
        {"smoothing-count=2", "", "majority", NULL},
        {"", "smoothing-alpha=0.5", "majority", NULL},
        {"smoothing-time=2000000000", "", "majority", "2000000000"},
        {"smoothing=exponential", "smoothing-time=5", "exponential", "5"},
        {"smoothing-enter=0.8", "smoothing-leave=0.3", "majority", "3000000000"},
        {"outputs=embedding+logits", "", NULL, NULL},
        {"outputs=embedding", "outputs=embedding+classes", "majority", "3000000000"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        WatchSettings *settings = expect_settings(cases[i].defaults, cases[i].keys);
        const char *smoothing = NULL, *time = NULL;

        g_assert_cmpuint(count_property(settings, "smoothing", &smoothing), <=, 1);
        g_assert_cmpuint(count_property(settings, "smoothing-time", &time), <=, 1);
        g_assert_cmpstr(smoothing, ==, cases[i].smoothing);
        g_assert_cmpstr(time, ==, cases[i].time);
        watch_settings_unref(settings);
    }
}

/* The camera's own file or variable replaces both of [watch]. A password may contain colons. */
static void test_credentials(void)
{
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;

    g_close(g_file_open_tmp("login-XXXXXX", &path, &error), NULL);
    g_assert_no_error(error);
    g_assert_true(g_file_set_contents(path, "anna:pa:ss word\r\nmore\n", -1, NULL));
    g_setenv("TEST_LOGIN", "bert:secret", TRUE);
    g_autofree char *key = g_strdup_printf("credentials-file=%s", path);
    WatchSettings *own = expect_settings("credentials-env=TEST_LOGIN", key);
    WatchSettings *of_all = expect_settings(key, "");
    WatchSettings *other = expect_settings(key, "credentials-env=TEST_LOGIN");
    g_assert_cmpstr(own->credentials.user, ==, "anna");
    g_assert_cmpstr(own->credentials.password, ==, "pa:ss word");
    g_assert_cmpstr(other->credentials.user, ==, "bert");
    g_assert_true(watch_settings_equal(own, of_all));
    g_assert_false(watch_settings_equal(own, other));
    watch_settings_unref(own);
    watch_settings_unref(of_all);

    g_setenv("TEST_LOGIN", "bert:changed", TRUE);
    WatchSettings *changed = expect_settings("", "credentials-env=TEST_LOGIN");
    g_assert_false(watch_settings_equal(other, changed));
    watch_settings_unref(other);
    watch_settings_unref(changed);
    g_remove(path);
}

/* A source without a name is named without its query, which may contain a password. */
static void test_names(void)
{
    static const char *const keys[] = {NULL};
    char *sources[] = {(char *)"rtsp://cam/live?user=a&key=b", (char *)"gate=test:ball", NULL};
    g_autoptr(GError) error = NULL;
    g_autoptr(WatchList) list = watch_list_new(NULL, keys, sources, &error);

    g_assert_no_error(error);
    g_assert_cmpuint(list->cameras->len, ==, 2);
    const WatchSettings *first = list->cameras->pdata[0], *second = list->cameras->pdata[1];
    g_assert_cmpstr(first->name, ==, "rtsp://cam/live");
    g_assert_cmpstr(first->uri, ==, sources[0]);
    g_assert_cmpstr(second->name, ==, "gate");
}

/* GLib warns of a value that ends within an escape. */
static void test_escapes(void)
{
    static const char text[] = "[door]\nsource=test:ball\nlabels=C:\\q\\\n";
    static const char *const keys[] = {NULL};
    char *sources[] = {NULL};
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;

    g_close(g_file_open_tmp("list-XXXXXX", &path, &error), NULL);
    g_assert_no_error(error);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    g_assert_null(watch_list_new(path, keys, sources, &error));
    g_assert_nonnull(error);
    g_assert_true(g_str_has_suffix(
        error->message, ": [door]: labels ends with a single backslash, expected \\\\ for one"));
    g_remove(path);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    gst_init(NULL, NULL);
    g_test_add_func("/settings/numbers", test_numbers);
    g_test_add_func("/settings/frozen-time", test_frozen_time);
    g_test_add_func("/settings/properties", test_properties);
    g_test_add_func("/settings/smoothing", test_smoothing);
    g_test_add_func("/settings/credentials", test_credentials);
    g_test_add_func("/settings/names", test_names);
    g_test_add_func("/settings/escapes", test_escapes);
    return g_test_run();
}
