/* Files, mapped for reading.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/error.h"

/* Maps a regular file; anything else (folder, pipe, device) is refused without waiting for it.
 * What another process writes to the file while it is mapped shows through, and cutting it short
 * kills the reader with SIGBUS: replace model files by renaming, as downloaders do. */
GMappedFile *cnx_map_file(const char *path, GError **error);
