/* What a result is about: a frame, or an object in it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gst/convnext/rect.h"

/* The number and times of a frame. An unknown time is GST_CLOCK_TIME_NONE. */
typedef struct GstConvnextTimes {
    guint64 frame; /* number of the frame since start */
    GstClockTime pts;
    GstClockTime stream_time;
    GstClockTime running_time;
} GstConvnextTimes;

/* A detected object. */
typedef struct GstConvnextObject {
    GstConvnextRect rect; /* in pixels of the caps' frame */
    guint64 track;        /* number of its track (gst/objects/tracks.h), from 1 */
    guint64 seen_frame;   /* number of the frame that shows it, as tracks count them */
    gboolean is_tracked;  /* its tracking id is reliable */
    int id;               /* tracking id; -1 without one, or if it does not fit an int */
    GQuark type;          /* the detector's class; 0 without one */
} GstConvnextObject;

/* Nanoseconds between two timestamps, in either order, so that reverse playback works too.
 * GST_CLOCK_TIME_NONE if one is unknown. */
static inline GstClockTime gst_convnext_time_between(GstClockTime a, GstClockTime b)
{
    if (!GST_CLOCK_TIME_IS_VALID(a) || !GST_CLOCK_TIME_IS_VALID(b))
        return GST_CLOCK_TIME_NONE;
    return a > b ? a - b : b - a;
}

/* The times of a frame. Those that depend on the segment are GST_CLOCK_TIME_NONE unless its format
 * is time. */
static inline GstConvnextTimes gst_convnext_times_of(const GstSegment *segment, GstClockTime pts,
                                                     guint64 frame)
{
    GstConvnextTimes times = {frame, pts, GST_CLOCK_TIME_NONE, GST_CLOCK_TIME_NONE};

    if (segment->format == GST_FORMAT_TIME) {
        times.stream_time = gst_segment_to_stream_time(segment, GST_FORMAT_TIME, pts);
        times.running_time = gst_segment_to_running_time(segment, GST_FORMAT_TIME, pts);
    }
    return times;
}
