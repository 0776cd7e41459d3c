/* Changes of state as lines of JSON, in a file: of a camera, and of what it shows.
 *
 *     {"time":"…","stream":"door","event":"camera","state":"playing","detail":"640x360"}
 *     {"time":"…","stream":"door","event":"state","old":"normal","new":"dark","score":0.93}
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pipelines/watch/camera.h"

typedef struct WatchEvents WatchEvents;

/* Opens a file to append to; a thread of its own writes, so that nobody waits for a slow disk. What
 * cannot be written is lost, and told on standard error once. NULL with an error when it cannot be
 * opened, as a pipe that nobody reads. */
WatchEvents *watch_events_new(const char *path, GError **error);

/* Writes what is left, and frees it. */
void watch_events_free(WatchEvents *events);

/* The camera is in another state. detail may be NULL. */
void watch_events_camera(WatchEvents *events, WatchCamera *camera, const char *detail);

/* what: convnext's message convnext-state-changed. */
void watch_events_state(WatchEvents *events, WatchCamera *camera, const GstStructure *what);
