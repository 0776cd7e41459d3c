/* Gives events the picture of their moment: writes it to a folder and adds its path to the event as
 * "snapshot". An event waits for its picture, for a limited time, and the later events of the same
 * camera wait for it. Without a picture, it is published without a path.
 *
 * Call all functions in the main thread. A separate thread writes, so a slow disk blocks nothing
 * else.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pipelines/watch/pictures/pictures.h"

typedef struct WatchSnapshots WatchSnapshots;

/* path: the folder, absolute. limit: microseconds that writing a picture may take. publish takes
 * each event. */
WatchSnapshots *watch_snapshots_new(const char *path, WatchPictures *pictures, gint64 limit,
                                    WatchAlarmFunc publish, gpointer data);

/* Publishes the events that wait, without their pictures. */
void watch_snapshots_free(WatchSnapshots *snapshots);
void watch_snapshots_flush(WatchSnapshots *snapshots);

/* Takes the event. camera: whose picture it gets; NULL if the camera has been removed. */
void watch_snapshots_add(WatchSnapshots *snapshots, WatchCamera *camera, WatchEvent *event);

const char *watch_snapshots_path(const WatchSnapshots *snapshots);

/* Whether an event waits. */
gboolean watch_snapshots_are_busy(const WatchSnapshots *snapshots);
