/* Where a login may go: only to the host, the port and the kind of connection that it was given
 * for. An HTTP camera that redirects elsewhere is followed without its login.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pipelines/watch/settings.h"

/* Whether two URIs name the same host and port, both with TLS or both without. */
gboolean watch_redirect_is_same_origin(const char *a, const char *b);

/* The address that the Location of an HTTP reply names, relative to the one that was requested.
 * NULL if it is not HTTP, or contains a login. The caller owns it. */
char *watch_redirect_target(const char *requested, const char *location);

/* Call it for each message of a camera's source in the thread that posts it, before the source goes
 * on. If an RTSP server redirects a source that has a login elsewhere, this takes the login from it
 * and posts an error. An HTTP source with a login does not follow redirects itself: this posts the
 * element message WATCH_REDIRECT with the string "location", where a new source must be opened. A
 * source that is redirected over and over gets an error too. */
#define WATCH_REDIRECT "watch-redirect"
void watch_redirect_check(const WatchSettings *settings, GstMessage *message);
