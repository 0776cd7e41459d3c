/* A file to which each event is appended as a JSON line.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pipelines/watch/alarms/event.h"

typedef struct WatchEvents WatchEvents;

/* Opens a file for appending. A separate thread writes, so a slow disk blocks no camera. Lines that
 * cannot be written are lost, as are those beyond a thousand that wait for a disk that hangs;
 * standard error reports the first of them, and their number once lines are written again. NULL
 * with an error if the file cannot be opened, for example a pipe without a reader. */
WatchEvents *watch_events_new(const char *path, GError **error);

/* Writes the remaining lines first. If that takes longer than two seconds, it says so and leaves
 * the writer behind, which goes on if the disk does. */
void watch_events_free(WatchEvents *events);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WatchEvents, watch_events_free)

void watch_events_add(WatchEvents *events, const WatchEvent *event);
