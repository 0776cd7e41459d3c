/* A file to which each event is appended as a JSON line.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pipelines/watch/alarms/event.h"

typedef struct WatchEvents WatchEvents;

/* Opens a file for appending. A separate thread writes, so a slow disk blocks no camera. Lines that
 * cannot be written are lost, and standard error reports the first of them. NULL with an error if
 * the file cannot be opened, for example a pipe without a reader. */
WatchEvents *watch_events_new(const char *path, GError **error);

/* Writes the remaining lines first. */
void watch_events_free(WatchEvents *events);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WatchEvents, watch_events_free)

void watch_events_add(WatchEvents *events, const WatchEvent *event);
