/* The elements that produce a camera's frames.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pipelines/watch/relay.h"
#include "pipelines/watch/settings.h"

/* inlet: of a part, where its camera passes the frames; else NULL. A bin with one source pad,
 * "src", which produces raw video once it plays. Floating, like any new element. It serves one
 * connection and is discarded with it. NULL with an error if an element is not installed. */
GstElement *watch_source_new(const WatchSettings *settings, WatchRelay *inlet, GError **error);

/* Call it once the source plays. */
void watch_source_set_ready(GstElement *source);

/* Call it before the source is closed, perhaps several times: it gets no more frames from an inlet.
 */
void watch_source_cut(GstElement *source);

/* Chooses the video track of a file, which a source must do before it plays. Posts a message of the
 * type INFO if there is something to say about the tracks. May block, see track_find(). */
void watch_source_prepare(GstElement *source, const int *stop);
