/* Waits between attempts: within their bounds, not all alike, and from the beginning after a good
 * connection.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/backoff.h"

#define LEAST 1000
#define MOST 30000 /* not LEAST times a power of two */
#define DRAWS 100

/* The n-th wait after one failure each, n from 0. */
static void expect_wait(WatchBackoff *backoff, guint n)
{
    const gint64 whole = n < 5 ? LEAST << n : MOST, wait = watch_backoff_next(backoff);

    g_assert_cmpint(wait, >=, whole * 3 / 4);
    g_assert_cmpint(wait, <=, whole);
}

static void test_growth(void)
{
    WatchBackoff backoff = {.least = LEAST, .most = MOST};

    for (guint n = 0; n < 100; n++)
        expect_wait(&backoff, n);
    watch_backoff_reset(&backoff);
    for (guint n = 0; n < 3; n++)
        expect_wait(&backoff, n);
}

static void test_one_length(void)
{
    WatchBackoff backoff = {.least = MOST, .most = MOST};

    for (guint n = 0; n < 3; n++)
        expect_wait(&backoff, 5);
}

/* Cameras behind one switch come back one by one. */
static void test_jitter(void)
{
    GHashTable *waits = g_hash_table_new(g_direct_hash, g_direct_equal);

    for (guint i = 0; i < DRAWS; i++) {
        WatchBackoff backoff = {.least = G_USEC_PER_SEC, .most = G_USEC_PER_SEC};

        g_hash_table_add(waits, GINT_TO_POINTER((int)watch_backoff_next(&backoff)));
    }
    g_assert_cmpuint(g_hash_table_size(waits), >, DRAWS / 2);
    g_hash_table_unref(waits);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/watch-backoff/growth", test_growth);
    g_test_add_func("/watch-backoff/one-length", test_one_length);
    g_test_add_func("/watch-backoff/jitter", test_jitter);
    return g_test_run();
}
