/* Files mapped into memory for reading.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/error.h"

/* Maps a regular file. Anything else (folder, pipe, device) is an error, and never blocks. Changes
 * that another process makes to a mapped file are visible, and truncating it kills the reader with
 * SIGBUS, so replace model files by renaming, as downloaders do. */
GMappedFile *cnx_map_file(const char *path, GError **error);
