/* The newest events: of all cameras, for those who reconnect to the stream of events, and of each
 * camera, for its page.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pipelines/watch/alarms/event.h"

#define WATCH_RECENT_EVENTS 50 /* that are kept, of all cameras and of each */

typedef struct WatchRecent WatchRecent;

WatchRecent *watch_recent_new(void);
void watch_recent_free(WatchRecent *recent);

/* Returns the event as a server-sent event: its number, and its JSON as data. The caller frees it.
 */
char *watch_recent_add(WatchRecent *recent, const WatchEvent *event);

/* The kept events after the one with a number, as server-sent events. Numbers grow, also from one
 * run of the program to the next. The caller frees it. */
char *watch_recent_after(const WatchRecent *recent, guint64 id);

/* A JSON list of a camera's events, newest first. The caller frees it. */
char *watch_recent_of_camera(const WatchRecent *recent, const char *camera);

/* Forgets the cameras that are not in a list that ends with NULL. */
void watch_recent_keep(WatchRecent *recent, const char *const *cameras);
