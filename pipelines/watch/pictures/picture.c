/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/pictures/picture.h"

WatchPicture *watch_picture_new(GBytes *jpeg, int width, int height, gint64 time)
{
    WatchPicture *picture = g_atomic_rc_box_new0(WatchPicture);

    picture->jpeg = jpeg;
    picture->width = width;
    picture->height = height;
    picture->time = time;
    return picture;
}

static void clear_picture(gpointer data)
{
    g_bytes_unref(((WatchPicture *)data)->jpeg);
}

WatchPicture *watch_picture_ref(WatchPicture *picture)
{
    return g_atomic_rc_box_acquire(picture);
}

void watch_picture_unref(WatchPicture *picture)
{
    g_atomic_rc_box_release_full(picture, clear_picture);
}
