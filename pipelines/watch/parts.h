/* Parts of cameras in the list: a group [CAMERA:PART] looks at the frames of the group [CAMERA].
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <string.h>

/* Finds the camera that the group is a part of. *camera: its name, or NULL if the group is a camera
 * itself, as are groups with a source whose name has a colon for another reason, such as a URI. The
 * caller frees it. FALSE with an error if the group cannot be a part. */
gboolean watch_parts_find(GKeyFile *file, const char *group, char **camera, GError **error);

/* Refuses keys of the connection in a part, and copies what it inherits from its camera. */
gboolean watch_parts_inherit(GKeyFile *file, const char *group, const char *camera, GError **error);

/* The part's own name in "CAMERA:PART". Borrowed from name. */
static inline const char *watch_parts_name(const char *name, const char *camera)
{
    return name + strlen(camera) + 1;
}
