/* User names and passwords of cameras: where they are read, and how they are kept out of what is
 * printed. They come from a file or from the environment, never from the command line or from the
 * list, which others can read.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

typedef struct WatchLogin {
    char *user, *password; /* both NULL: none */
} WatchLogin;

/* Reads "user:password" from the first line of a file, or from the environment variable env. At
 * most one of the two is given; neither leaves login empty. The error names the file or the
 * variable and nothing of what is in it; only the key where the name itself looks like a login. */
gboolean watch_login_read(WatchLogin *login, const char *file, const char *env, GError **error);

void watch_login_clear(WatchLogin *login);

/* Whether an address holds a user name or a password, as in rtsp://user:password@camera/, where the
 * password may hold what it should not, such as # or /. */
gboolean watch_login_in_address(const char *address);

/* Whether it does or may: rtsp://camera:554/a@b is an address, and may be user, password, camera.
 */
gboolean watch_login_maybe_in_address(const char *address);

/* A copy of a text of others, such as an error message: the password, and whatever stands before
 * the @ or after the ? of an address, is "***" there. */
char *watch_login_mask(const WatchLogin *login, const char *text);
