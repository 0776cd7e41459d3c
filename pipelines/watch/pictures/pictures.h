/* Pictures of the cameras, on request: the next decoded frame is copied, and encoded as JPEG in a
 * worker thread. Nothing is copied or encoded unless
 * somebody asks, and of each camera one picture at a time: later requests share it.
 *
 * Call all functions in the main thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pipelines/watch/camera.h"
#include "pipelines/watch/pictures/picture.h"

/* For max_age: viewers ask again and again, and a new picture each second is enough. */
#define WATCH_PICTURES_FRESH G_USEC_PER_SEC

typedef struct WatchPictures WatchPictures;

/* picture: borrowed; NULL if the camera shows none: it is lost, it was removed, no frame has
 * arrived within the limit, or jpegenc is not installed. */
typedef void (*WatchPictureFunc)(WatchPicture *picture, gpointer data);

typedef enum WatchPictureUse {
    WATCH_PICTURES_TO_SHOW, /* scaled to the key snapshot-width, with square pixels */
    WATCH_PICTURES_TO_LEARN /* the frame's own pixels, of high quality */
} WatchPictureUse;

/* limit: microseconds after which a request fails. */
WatchPictures *watch_pictures_new(WatchPictureUse use, gint64 limit);

/* Answers the open requests with NULL. */
void watch_pictures_free(WatchPictures *pictures);

/* Calls func once: with the last picture if it is at most max_age microseconds old, else with a new
 * one, or NULL. It may be called before this returns, and may itself call this function. */
void watch_pictures_get(WatchPictures *pictures, WatchCamera *camera, gint64 max_age,
                        WatchPictureFunc func, gpointer data);

/* The newest picture that was made of the camera of this name, also while it is lost; borrowed.
 * NULL if there is none. */
WatchPicture *watch_pictures_last(WatchPictures *pictures, const char *camera);

/* The camera's state has changed: if no more frames arrive, its requests fail at once. */
void watch_pictures_camera_changed(WatchPictures *pictures, WatchCamera *camera);

/* Forgets the cameras that are not in the list, or have another source there. cameras: of
 * WatchCamera. */
void watch_pictures_keep(WatchPictures *pictures, GPtrArray *cameras);
