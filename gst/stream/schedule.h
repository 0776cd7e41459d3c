/* Decides which frames run: by count, time, lateness and content.
 *
 * Not locked: the owner holds one lock around all calls, because QOS events come from other
 * threads.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include "gst/results/subject.h"
#include "gst/settings/settings.h"
#include "model/preprocess/thumbnail.h"

typedef enum GstConvnextDecision {
    GST_CONVNEXT_RUN,
    GST_CONVNEXT_NOT_DUE,
    GST_CONVNEXT_LATE,      /* downstream would get its result too late */
    GST_CONVNEXT_UNCHANGED, /* it looks like the last frame that ran */
} GstConvnextDecision;

typedef struct GstConvnextSchedule {
    /* About the last frame that ran. */
    gboolean has_run; /* FALSE before the first frame since the reset */
    guint frames;     /* from that frame to the current one */
    GstClockTime pts; /* of that frame */
    gboolean has_thumbnail;
    CnxThumbnail thumbnail;
    /* From QOS events, running times; GST_CLOCK_TIME_NONE if nothing is late. */
    GstClockTime skip_until; /* frames before this time skip inference */
    GstClockTime late_until; /* frames from this time on would be in time without inference */
} GstConvnextSchedule;

/* Makes the next frame due, whatever the interval, and no frame late. */
void gst_convnext_schedule_reset(GstConvnextSchedule *schedule);

/* Makes the next frame due, whatever the interval. */
void gst_convnext_schedule_make_due(GstConvnextSchedule *schedule);

/* Counts a frame and decides by everything but its content. A frame is due if it is not a gap and
 * is both interval frames and min_period nanoseconds away, in either direction, from the last frame
 * that ran. An unknown time counts as far enough. */
GstConvnextDecision gst_convnext_schedule_decide(GstConvnextSchedule *schedule,
                                                 const GstConvnextTimes *times, gboolean is_gap,
                                                 const GstConvnextFrameSettings *settings);

/* Decides on a due frame by its thumbnail: UNCHANGED if each cell differs by less than
 * change_threshold from that of the last frame that ran, and that frame is younger than max_age. */
GstConvnextDecision gst_convnext_schedule_compare(const GstConvnextSchedule *schedule,
                                                  GstClockTime pts, const CnxThumbnail *thumbnail,
                                                  const GstConvnextFrameSettings *settings);

/* Notes that a frame runs. thumbnail: NULL if it has none. */
void gst_convnext_schedule_note_run(GstConvnextSchedule *schedule, GstClockTime pts,
                                    const CnxThumbnail *thumbnail);

/* Takes a QOS event: the frame with this running time was `lateness` nanoseconds late or, for
 * GST_QOS_TYPE_THROTTLE, downstream needs no other frame within `lateness`.
 *
 * After an event about a frame that ran, later frames skip inference for twice the lateness, as in
 * decoders: a frame that is just in time would be late after inference. An event about a frame that
 * was skipped changes nothing; otherwise a stream that is late for another reason would never run
 * again.
 *
 * TRUE if skipping inference may be enough to catch up, so that no other element needs to act. */
gboolean gst_convnext_schedule_add_qos(GstConvnextSchedule *schedule, GstQOSType type,
                                       GstClockTime running_time, GstClockTimeDiff lateness);
