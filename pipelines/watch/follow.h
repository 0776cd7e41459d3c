/* Tells when the camera list has changed, without a signal.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

typedef struct WatchFollow WatchFollow;

/* The file as it is now. */
WatchFollow *watch_follow_new(const char *path);
void watch_follow_free(WatchFollow *follow); /* NULL allowed */

/* Whether another file is there than at the last TRUE, and nothing is being written to it: two
 * calls in a row see the same one. A link is followed, so a ConfigMap of Kubernetes counts, whose
 * folder is replaced. Call it every second or so. */
gboolean watch_follow_check(WatchFollow *follow);
