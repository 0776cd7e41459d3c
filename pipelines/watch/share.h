/* A share of the cameras of a list, for several instances of convnext-watch with the same list.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Instance `index` of `count`. */
typedef struct WatchShare {
    guint index, count;
} WatchShare;

#define WATCH_SHARE_ALL ((WatchShare){0, 1})

/* text: INDEX/COUNT, where INDEX counts from 0 and may be the end of a name, as in "watch-2/3", the
 * name of a pod. FALSE if it is something else. */
gboolean watch_share_parse(const char *text, WatchShare *share);

/* Whether the camera belongs to the share. Each camera belongs to exactly one of `count` shares;
 * when count grows by one, only cameras of the new share move (rendezvous hashing, Thaler and
 * Ravishankar 1998). */
gboolean watch_share_has(const WatchShare *share, const char *camera);
