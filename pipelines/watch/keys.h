/* The keys of a camera's group, one by one: their names, their defaults, what they may be.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pipelines/watch/list.h"

#define WATCH_DEFAULTS "watch" /* the group with the defaults of all cameras */

/* The settings of a group, where it has the key, or else of [watch], or else the default. NULL with
 * an error that names the group and the key. */
WatchSettings *watch_keys_settings(GKeyFile *file, const char *group, GError **error);
