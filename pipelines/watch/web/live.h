/* The pictures of the cameras as films, which browsers and players show while they arrive:
 * multipart/x-mixed-replace, five pictures a second at most. Pictures are made only while somebody
 * looks, once for all viewers of a camera; slow viewers get fewer.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pipelines/watch/pictures/pictures.h"
#include "pipelines/watch/web/server.h"

#define WATCH_LIVE_TYPE "multipart/x-mixed-replace; boundary=picture"

typedef struct WatchLive WatchLive;

/* pictures: borrowed; they must be freed first, so that no request is open. */
WatchLive *watch_live_new(WatchPictures *pictures);
void watch_live_free(WatchLive *live);

/* Both are borrowed. server: NULL for none; its clients are gone. cameras: of WatchCamera. The
 * films of cameras that are not in the list end. */
void watch_live_set_server(WatchLive *live, WatchServer *server);
void watch_live_set_cameras(WatchLive *live, GPtrArray *cameras);

/* Answers the request with the film of the camera of this name, which begins with a picture. FALSE
 * if there are too many streams. There must be a server. */
gboolean watch_live_add(WatchLive *live, guint64 id, const char *camera, const char *headers,
                        const WatchPicture *first);
