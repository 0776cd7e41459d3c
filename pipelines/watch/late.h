/* How late frames of a live camera are, and which ones are left out before their decoder.
 *
 * A machine that cannot decode all that comes would get further and further behind: buffers of the
 * network hold minutes. So frames are left out once they are too late, up to a key frame behind
 * which little waits. Streams may be late by a constant, as when clocks differ: what cannot be made
 * up by leaving out counts as that.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

typedef struct WatchLate {
    GstClockTime most;  /* from which on a frame is too late, beyond the constant */
    GstClockTime least; /* the constant; GST_CLOCK_TIME_NONE: not known yet */
    gboolean skipping;
    /* While skipping: when that began, the least lag since, and when that was. */
    GstClockTime began, lowest, lowest_at;
} WatchLate;

/* How long ago the frame at a pad was stamped, by the clock of the pad's element, nanoseconds;
 * where it was stamped when it came, that is what it has waited since. GST_CLOCK_TIME_NONE where it
 * has no time, or the element no clock. */
GstClockTime watch_late_lag(GstPad *pad, GstBuffer *frame);

/* Of the next frame, in the order of decoding: whether it is to be left out. now: of a clock, in
 * nanoseconds. key: it can be decoded without those before it. */
gboolean watch_late_skips(WatchLate *self, GstClockTime now, GstClockTime lag, gboolean key);
