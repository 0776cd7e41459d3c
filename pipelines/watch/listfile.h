/* Reads the key file of the camera list.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Reads the file, refuses what GLib would merge or cut, and makes relative paths start at the
 * file's folder. FALSE with an error that names the file, without a line's text, which may contain
 * a password. */
gboolean watch_listfile_load(GKeyFile *file, const char *path, GError **error);
