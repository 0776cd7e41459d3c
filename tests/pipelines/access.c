/* Who may read the page: its login, and hosts that are this machine.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/web/access.h"

static const char *const local[] = {
    "", "localhost", "LocalHost:9464", "127.0.0.1", "127.1.2.3:80", "[::1]", "[::1]:9464"};

static const char *const remote[] = {"example.org",
                                     "localhost.example.org",
                                     "127.0.0.1.example.org",
                                     "10.0.0.1",
                                     "localhost:80:80",
                                     "localhost:x",
                                     "[::1]x",
                                     "[::2]",
                                     "[::1",
                                     "::1",
                                     "127.0.0.1@example.org",
                                     ":"};

/* user:password, and beginnings and endings of it. */
static void check_login(void)
{
    static const char *const wrong[] = {"Basic",
                                        "Basic ",
                                        "Basic dXNlcjpwYXNzd29yZ",
                                        "Basic dXNlcjpwYXNzd29yZA==",
                                        "Basic dXNlcjpwYXNzd29yZD",
                                        "Basic dXNlcjpwYXNzd29yZA=",
                                        "Basic dXNlcjpwYXNzd29yZAdXNlcjpwYXNzd29yZA",
                                        "Bearer dXNlcjpwYXNzd29yZDE=",
                                        "dXNlcjpwYXNzd29yZDE="};

    g_assert_true(watch_access_has_login("Basic dXNlcjpwYXNzd29yZDE=", "user:password1"));
    g_assert_true(watch_access_has_login("basic  dXNlcjpwYXNzd29yZDE=", "user:password1"));
    g_assert_false(watch_access_has_login(NULL, "user:password1"));
    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++)
        g_assert_false(watch_access_has_login(wrong[i], "user:password1"));
}

int main(void)
{
    check_login();
    g_assert_true(watch_access_is_local(NULL));
    for (guint i = 0; i < G_N_ELEMENTS(local); i++)
        if (!watch_access_is_local(local[i]))
            g_error("'%s' is not local", local[i]);
    for (guint i = 0; i < G_N_ELEMENTS(remote); i++)
        if (watch_access_is_local(remote[i]))
            g_error("'%s' is local", remote[i]);
    return 0;
}
