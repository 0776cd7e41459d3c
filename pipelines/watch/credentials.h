/* Camera credentials: reading them, and keeping them out of all output. They come from a file or an
 * environment variable, never from the command line or the camera list, which other users can read.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

typedef struct WatchCredentials {
    char *user, *password; /* both NULL if the camera needs no login */
} WatchCredentials;

/* Reads "user:password" from the first line of a file or from the environment variable env. At most
 * one of file and env is not NULL; if both are NULL, the credentials are empty. The error names the
 * file or the variable but quotes none of its contents; if the name itself looks like credentials,
 * it names only the key. */
gboolean watch_credentials_read(WatchCredentials *credentials, const char *file, const char *env,
                                GError **error);

void watch_credentials_clear(WatchCredentials *credentials);

/* Whether a URI contains a user name or a password, as in rtsp://user:password@camera/. The
 * password may contain characters that should be escaped, such as # or /. */
gboolean watch_credentials_in_uri(const char *uri);

/* Whether a URI contains credentials or might: rtsp://camera:554/a@b is a valid URI, but could also
 * be user, password and host. */
gboolean watch_credentials_maybe_in_uri(const char *uri);

/* Returns a copy of text, such as GStreamer's error messages, in which "***" replaces the password
 * and, in URIs, everything before the @ and after the ?. */
char *watch_credentials_mask(const WatchCredentials *credentials, const char *text);
