/* Where a login may go: only to the host, the port and the kind of connection that it was given
 * for.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pipelines/watch/settings.h"

/* Whether two URIs name the same host and port, both with TLS or both without. */
gboolean watch_redirect_is_same_origin(const char *a, const char *b);

/* Call it for each message of a camera's source in the thread that posts it, before the source goes
 * on. If a server redirects a source that has a login, this takes the login from it and posts an
 * error, unless an RTSP server redirects to itself. A source that is redirected over and over gets
 * an error too. */
void watch_redirect_check(const WatchSettings *settings, GstMessage *message);
