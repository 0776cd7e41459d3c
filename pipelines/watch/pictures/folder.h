/* A folder of snapshots, the pictures of events: CAMERA-TIME-EVENT.jpg, such as
 * door-20260105T120310.500000Z-state.jpg. Of each camera the newest ones are kept; files of other
 * names are left alone. It is used in one thread at a time.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

typedef struct WatchFolder WatchFolder;

WatchFolder *watch_folder_new(const char *path);
void watch_folder_free(WatchFolder *folder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WatchFolder, watch_folder_free)

/* The camera's name as part of a file name: without slashes and other special characters, at most
 * 57 bytes long, and different for different cameras. The caller frees it. */
char *watch_folder_camera(const char *camera);

/* The name of a file. time: RFC 3339 in UTC, with microseconds. event: or NULL, for a picture of no
 * event. The caller frees it. */
char *watch_folder_name(const char *camera, const char *time, const char *event);

/* Whether watch_folder_name() makes this name for the camera. */
gboolean watch_folder_is_name(const char *name, const char *camera);

/* Writes a file, which appears whole or not at all, then deletes the camera's oldest ones beyond
 * keep. name: from watch_folder_name(). FALSE with an error that names the cause only. */
gboolean watch_folder_write(WatchFolder *folder, const char *camera, const char *name, GBytes *jpeg,
                            guint keep, GError **error);
