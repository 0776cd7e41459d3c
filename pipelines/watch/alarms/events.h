/* A file with a JSON line for each change of a camera's state or of its label, and for the
 * beginning and the end of each freeze:
 *
 *     {"time":"…","stream":"door","event":"camera","state":"playing","detail":"640x360"}
 *     {"time":"…","stream":"door","event":"state","old":"normal","new":"dark","score":0.93}
 *     {"time":"…","stream":"door","event":"frozen","state":"begin","pts":0,"seconds":60.0}
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pipelines/watch/camera.h"

typedef struct WatchEvents WatchEvents;

/* Opens a file for appending. A separate thread writes, so a slow disk blocks no camera. Lines that
 * cannot be written are lost, and standard error reports the first of them. NULL with an error if
 * the file cannot be opened, for example a pipe without a reader. */
WatchEvents *watch_events_new(const char *path, GError **error);

/* Writes the remaining lines first. */
void watch_events_free(WatchEvents *events);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WatchEvents, watch_events_free)

/* Adds the camera's new state. detail may be NULL. */
void watch_events_add_camera(WatchEvents *events, WatchCamera *camera, const char *detail);

/* Adds the camera's new label. message: convnext's message convnext-state-changed. */
void watch_events_add_label(WatchEvents *events, WatchCamera *camera, const GstStructure *message);

/* Adds the beginning or the end of a freeze. */
void watch_events_add_freeze(WatchEvents *events, WatchCamera *camera, const WatchFreeze *freeze);
