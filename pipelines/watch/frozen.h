/* Detects a frozen picture: frames keep arriving, but for a long time none shows a new picture.
 *
 * An encoder that is fed one still picture does not output identical frames: key frames differ from
 * the frames in between, and for a while each frame refines its predecessor. But with each key
 * frame the same few frames recur, whereas the noise of a live sensor makes each key frame new,
 * even if compression removes nearly all of it. So a frame is not compared with its predecessor
 * only, but with the pictures seen so far. A few tiles may change, provided that they are always
 * the same few: a clock that is drawn into the picture keeps running.
 *
 * Time is measured by timestamps, because frames of a network arrive in bursts, and those of a file
 * as fast as they are classified. A gap counts as two seconds at most, a step back as zero. A frame
 * without a timestamp counts for its duration.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pipelines/watch/fingerprint.h"

/* Thread-safe: the connections of a camera share one, and may close late. */
typedef struct WatchFrozen WatchFrozen;

/* The current run of frames without a new picture. */
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

/* Adds the next frame; its timestamp and its duration may be GST_CLOCK_TIME_NONE. *freeze is the
 * current run or, if this frame ends a freeze, that one, with is_frozen FALSE. A freeze ends when
 * two new pictures follow within the limit. */
void watch_frozen_add(WatchFrozen *self, const WatchFingerprint *fingerprint,
                      GstClockTime timestamp, GstClockTime duration, WatchFreeze *freeze);
