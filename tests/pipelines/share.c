/* Shares of the camera list: every camera belongs to exactly one, they are about equal, and another
 * instance takes only its own share from the others.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/share.h"

#define CAMERAS 3000

/* The share of a camera among count, which must be exactly one. */
static guint find_share(guint camera, guint count)
{
    g_autofree char *name = g_strdup_printf("camera %u", camera);
    guint owner = count;

    for (guint i = 0; i < count; i++) {
        if (!watch_share_has(&(WatchShare){i, count}, name))
            continue;
        g_assert_cmpuint(owner, ==, count);
        owner = i;
    }
    g_assert_cmpuint(owner, <, count);
    return owner;
}

static void test_shares(void)
{
    for (guint count = 1; count <= 5; count++) {
        guint sizes[6] = {0}, moved = 0;

        for (guint camera = 0; camera < CAMERAS; camera++) {
            const guint before = find_share(camera, count), after = find_share(camera, count + 1);

            sizes[before]++;
            g_assert_true(after == before || after == count);
            moved += after != before;
        }
        for (guint i = 0; i < count; i++) {
            g_assert_cmpuint(sizes[i], >, CAMERAS / count * 8 / 10);
            g_assert_cmpuint(sizes[i], <, CAMERAS / count * 12 / 10);
        }
        g_assert_cmpuint(moved, >, CAMERAS / (count + 1) * 8 / 10);
        g_assert_cmpuint(moved, <, CAMERAS / (count + 1) * 12 / 10);
    }
}

static void test_parse(void)
{
    static const struct {
        const char *text;
        WatchShare share;
    } good[] = {
        {"0/1", {0, 1}},       {"2/3", {2, 3}},  {"watch-2/3", {2, 3}},
        {"a-1-0/12", {0, 12}}, {"-0/1", {0, 1}}, {"00/01", {0, 1}},
    };
    static const char *const bad[] = {
        "",     "1",     "/3",    "3/3",   "-1/0",    "0/0",
        "a0/3", "0/3 ",  "0/-3",  "0x1/3", "0/10001", "0/99999999",
        "w-/3", "1.0/3", "0/3/4", " 0/3",  "w-0 /3",  "999999/9999999"};
    WatchShare share;

    for (guint i = 0; i < G_N_ELEMENTS(good); i++) {
        g_assert_true(watch_share_parse(good[i].text, &share));
        g_assert_cmpuint(share.index, ==, good[i].share.index);
        g_assert_cmpuint(share.count, ==, good[i].share.count);
    }
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_test_message("'%s'", bad[i]);
        g_assert_false(watch_share_parse(bad[i], &share));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/share/shares", test_shares);
    g_test_add_func("/share/parse", test_parse);
    return g_test_run();
}
