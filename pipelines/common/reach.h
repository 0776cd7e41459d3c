/* Whether a network source can be reached.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Connects to the host of an RTSP or HTTP URI once, with TLS if its scheme says so, and closes the
 * connection without a request. Returns why that fails, without the URI's path and login; NULL if
 * it does not fail or the URI is another. Blocks for two seconds at most. The caller frees it. */
char *reach_explain(const char *uri);
