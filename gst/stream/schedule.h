/* Decides which frames run: by count, by time, by lateness and by what they show.
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
    GST_CONVNEXT_UNCHANGED, /* it shows what the last frame that ran has shown */
} GstConvnextDecision;

typedef struct GstConvnextSchedule {
    /* About the last frame that ran. */
    gboolean has_run; /* FALSE before the first frame since the reset */
    guint frames;     /* from it to the current frame */
    GstClockTime pts; /* of it */
    gboolean has_thumbnail;
    CnxThumbnail thumbnail;
    /* From QOS events, running times; GST_CLOCK_TIME_NONE if nothing is late. */
    GstClockTime skip_until; /* frames before it skip inference */
    GstClockTime late_until; /* frames from here on would be in time without inference */
} GstConvnextSchedule;

/* The next frame runs, whatever the interval, and no frame is late. */
void gst_convnext_schedule_reset(GstConvnextSchedule *schedule);

/* The next frame is due, whatever the interval. */
void gst_convnext_schedule_make_due(GstConvnextSchedule *schedule);

/* Counts a frame and decides on it, but for what it shows. A frame is due if it is no gap and it is
 * interval frames and min_period nanoseconds away, in either direction, from the last one that ran.
 * An unknown time counts as passed. */
GstConvnextDecision gst_convnext_schedule_decide(GstConvnextSchedule *schedule,
                                                 const GstConvnextTimes *times, gboolean is_gap,
                                                 const GstConvnextFrameSettings *settings);

/* Decides on a frame that is due by its thumbnail: UNCHANGED if every cell of it differs by less
 * than change_threshold from the last frame that ran, and that frame is younger than max_age. */
GstConvnextDecision gst_convnext_schedule_compare(const GstConvnextSchedule *schedule,
                                                  GstClockTime pts, const CnxThumbnail *thumbnail,
                                                  const GstConvnextFrameSettings *settings);

/* The frame runs. thumbnail: NULL if it has none. */
void gst_convnext_schedule_note_run(GstConvnextSchedule *schedule, GstClockTime pts,
                                    const CnxThumbnail *thumbnail);

/* Takes a QOS event: a frame of this running time came `lateness` nanoseconds late, or, for
 * GST_QOS_TYPE_THROTTLE, downstream wants no other frame within `lateness`.
 *
 * A report about a frame that ran makes later frames skip inference for twice the lateness, as
 * decoders do: a frame that is just in time would be late after inference. A report about a frame
 * that was skipped changes nothing; otherwise a stream that is late for another reason would never
 * run again.
 *
 * TRUE if skipping inference may be enough to catch up, so that no other element has to act. */
gboolean gst_convnext_schedule_add_qos(GstConvnextSchedule *schedule, GstQOSType type,
                                       GstClockTime running_time, GstClockTimeDiff lateness);
