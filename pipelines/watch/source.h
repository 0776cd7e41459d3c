/* The elements that produce a camera's frames.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pipelines/watch/settings.h"

/* A bin with one source pad, "src", which produces raw video once it plays. Floating, like any new
 * element. It serves one connection and is discarded with it. NULL with an error if an element is
 * not installed. */
GstElement *watch_source_new(const WatchSettings *settings, GError **error);

/* Chooses the video track of a file, which a source must do before it plays. Posts a message of the
 * type INFO if there is something to say about the tracks. May block, see track_find(). */
void watch_source_prepare(GstElement *source, const int *stop);
