/* Detects a frozen picture: the same one for long, noise and all, although frames keep arriving.
 *
 * An encoder that is fed one picture does not repeat one frame: key frames differ from the frames
 * between them, and for a while each frame refines the one before. But it repeats the same few
 * frames with each key frame, whereas the noise of a living sensor makes each key frame new, even
 * at a compression that removes nearly all of it. So the question is not how much a frame differs
 * from the last one, but whether this very frame was there before. A few tiles may change, as
 * long as they remain the same few: a clock that was drawn into the picture keeps running.
 *
 * Time is that of the frames' timestamps: those of a network arrive in bursts, those of a file as
 * fast as they are classified. A gap counts as at most two seconds, a step back as none.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pipelines/watch/fingerprint.h"

typedef struct WatchFrozen WatchFrozen;

/* The present run of frames without anything new. */
typedef struct WatchFreeze {
    gboolean is_frozen;
    gint64 since;       /* when the first frame arrived, in microseconds since 1970 */
    GstClockTime start; /* timestamp of that frame; GST_CLOCK_TIME_NONE if it has none */
    GstClockTime duration;
} WatchFreeze;

/* limit: frozen after this long without a new picture. */
WatchFrozen *watch_frozen_new(GstClockTime limit);
void watch_frozen_free(WatchFrozen *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WatchFrozen, watch_frozen_free)

/* Adds the next frame and returns whether the picture began or ended to be frozen with it. *freeze
 * is the present run, or the one that ended. The picture is no longer frozen when two new ones
 * follow within the limit. */
gboolean watch_frozen_add(WatchFrozen *self, const WatchFingerprint *fingerprint,
                          GstClockTime timestamp, WatchFreeze *freeze);
