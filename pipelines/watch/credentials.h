/* Camera credentials: where they are read, and how they are kept out of everything that is printed.
 * They come from a file or an environment variable, never from the command line or the camera list,
 * which other users can read.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

typedef struct WatchCredentials {
    char *user, *password; /* both NULL if the camera needs no login */
} WatchCredentials;

/* Reads "user:password" from the first line of a file or from the environment variable env. At most
 * one of the two is given; without either, the credentials are empty. The error names the file or
 * the variable but quotes none of its contents; if the name itself looks like credentials, it names
 * only the key. */
gboolean watch_credentials_read(WatchCredentials *credentials, const char *file, const char *env,
                                GError **error);

void watch_credentials_clear(WatchCredentials *credentials);

/* Whether a URI contains a user name or a password, as in rtsp://user:password@camera/. The
 * password may contain characters that should be escaped, such as # or /. */
gboolean watch_credentials_in_uri(const char *uri);

/* The same, or possibly so: rtsp://camera:554/a@b is a valid URI, and may be user, password,
 * camera.
 */
gboolean watch_credentials_maybe_in_uri(const char *uri);

/* A copy of foreign text, such as an error message, in which "***" replaces the password and every
 * part of a URI before its @ and after its ?. */
char *watch_credentials_mask(const WatchCredentials *credentials, const char *text);
