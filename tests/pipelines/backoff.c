/* Delays between connection attempts: within their limits, jittered, and back to the shortest after
 * a steady connection.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/network/backoff.h"

#define MIN_DELAY 1000
#define MAX_DELAY 30000 /* not MIN_DELAY times a power of two */
#define DRAWS 100

/* The delay after failure n in a row, n from 0. */
static void check_delay(GstConvnextBackoff *backoff, guint n)
{
    const gint64 whole = n < 5 ? MIN_DELAY << n : MAX_DELAY,
                 delay = gst_convnext_backoff_next(backoff);

    g_assert_cmpint(delay, >=, whole * 3 / 4);
    g_assert_cmpint(delay, <=, whole);
}

static void test_growth(void)
{
    GstConvnextBackoff backoff = {.min_delay = MIN_DELAY, .max_delay = MAX_DELAY};

    for (guint n = 0; n < 100; n++)
        check_delay(&backoff, n);
    gst_convnext_backoff_reset(&backoff);
    for (guint n = 0; n < 3; n++)
        check_delay(&backoff, n);
}

static void test_one_length(void)
{
    GstConvnextBackoff backoff = {.min_delay = MAX_DELAY, .max_delay = MAX_DELAY};

    for (guint n = 0; n < 3; n++)
        check_delay(&backoff, 5);
}

/* Cameras behind one switch reconnect at different times. */
static void test_jitter(void)
{
    g_autoptr(GHashTable) delays = g_hash_table_new(g_direct_hash, g_direct_equal);

    for (guint i = 0; i < DRAWS; i++) {
        GstConvnextBackoff backoff = {.min_delay = G_USEC_PER_SEC, .max_delay = G_USEC_PER_SEC};

        g_hash_table_add(delays, GINT_TO_POINTER((int)gst_convnext_backoff_next(&backoff)));
    }
    g_assert_cmpuint(g_hash_table_size(delays), >, DRAWS / 2);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/backoff/growth", test_growth);
    g_test_add_func("/backoff/one-length", test_one_length);
    g_test_add_func("/backoff/jitter", test_jitter);
    return g_test_run();
}
