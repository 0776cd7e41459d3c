/* Drops a live camera's frames before they are decoded if they are too late.
 *
 * A machine that cannot decode everything a camera sends falls further and further behind, because
 * network buffers can hold minutes of video. The dropper therefore drops late frames, up to a key
 * frame with little video queued behind it. A stream may also lag by a constant, for example if
 * clocks differ: lag that dropping frames does not reduce counts as constant.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

typedef struct WatchDropper {
    GstClockTime max_lag;  /* start dropping above this, beyond the constant lag */
    GstClockTime base_lag; /* the constant lag; GST_CLOCK_TIME_NONE while unknown */
    gboolean is_dropping;
    /* While dropping: when it started, the lowest lag since then, and when that was reached. */
    GstClockTime start_time, lowest_lag, lowest_time;
} WatchDropper;

/* Nanoseconds since the frame's timestamp, by the clock of the pad's element. For frames that are
 * stamped on arrival this is the time they have been queued. GST_CLOCK_TIME_NONE if the frame has
 * no timestamp or the element no clock. */
GstClockTime watch_dropper_lag(GstPad *pad, GstBuffer *frame);

/* Whether to drop the next frame in decoding order. now: a clock reading in nanoseconds.
 * is_key_frame: the frame can be decoded without earlier ones. */
gboolean watch_dropper_drops(WatchDropper *self, GstClockTime now, GstClockTime lag,
                             gboolean is_key_frame);
