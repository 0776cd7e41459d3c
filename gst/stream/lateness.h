/* Frames that come too late downstream, by its QOS events, and those that are not looked at so that
 * the stream catches up.
 *
 * A report about a frame that was looked at makes the next ones pass, up to twice the time that it
 * was late, as decoders do: a frame that is just in time would be late after being looked at. A
 * report about one that has only passed says nothing of the next look: a stream that is late for
 * another reason would never be looked at again.
 *
 * Not locked: its owner holds one lock around all of these.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

typedef struct GstConvnextLateness {
    GstClockTime on_time; /* frames of an earlier running time pass; NONE: none do */
    GstClockTime cured;   /* those from here on would not be late if it were for looking */
} GstConvnextLateness;

/* No frame passes. */
void gst_convnext_lateness_reset(GstConvnextLateness *lateness);

/* A frame of running time `when` came `late` nanoseconds after its time; for
 * GST_QOS_TYPE_THROTTLE, downstream wants no other within `late`. TRUE when passing frames may be
 * enough to catch up, so that nobody else need do anything about it. */
gboolean gst_convnext_lateness_add(GstConvnextLateness *lateness, GstQOSType type,
                                   GstClockTime when, GstClockTimeDiff late);

/* Whether a frame of that running time, NONE: not known, is to pass. */
gboolean gst_convnext_lateness_skips(const GstConvnextLateness *lateness, GstClockTime when);
