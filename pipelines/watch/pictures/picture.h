/* A picture of a camera, as JPEG. Immutable; threads may share it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

typedef struct WatchPicture {
    GBytes *jpeg;
    int width, height; /* pixels */
    gint64 time;       /* when the frame was taken, microseconds since 1970 */
} WatchPicture;

/* Takes jpeg. */
WatchPicture *watch_picture_new(GBytes *jpeg, int width, int height, gint64 time);
WatchPicture *watch_picture_ref(WatchPicture *picture);
void watch_picture_unref(WatchPicture *picture);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WatchPicture, watch_picture_unref)
