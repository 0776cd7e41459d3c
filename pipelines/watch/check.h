/* convnext-watch --check: opens each camera once and says what it found.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Prints a line for each camera of the list, in its order: codec, size, frame rate and first label,
 * or why there are none. All cameras are opened at the same time, each for a few seconds after its
 * first frame. The arguments are those of watch_list_new(). FALSE if the list is invalid or a
 * camera fails. */
gboolean watch_check(const char *config, const char *const *keys, char **sources);
