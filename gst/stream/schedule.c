/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/stream/schedule.h"

static void forget_lateness(GstConvnextSchedule *self)
{
    self->skip_until = self->late_until = GST_CLOCK_TIME_NONE;
}

void gst_convnext_schedule_make_due(GstConvnextSchedule *self)
{
    self->has_run = self->has_thumbnail = FALSE;
    self->frames = 0;
    self->pts = GST_CLOCK_TIME_NONE;
}

void gst_convnext_schedule_reset(GstConvnextSchedule *self)
{
    gst_convnext_schedule_make_due(self);
    forget_lateness(self);
}

static gboolean has_passed(const GstConvnextSchedule *self, GstClockTime pts, GstClockTime period)
{
    GstClockTime passed = gst_convnext_time_between(pts, self->pts);

    return !GST_CLOCK_TIME_IS_VALID(passed) || passed >= period;
}

static gboolean is_late(const GstConvnextSchedule *self, GstClockTime running_time)
{
    return GST_CLOCK_TIME_IS_VALID(self->skip_until) && GST_CLOCK_TIME_IS_VALID(running_time) &&
           running_time < self->skip_until;
}

GstConvnextDecision gst_convnext_schedule_decide(GstConvnextSchedule *self,
                                                 const GstConvnextTimes *times, gboolean is_gap,
                                                 const GstConvnextFrameSettings *settings)
{
    self->frames++;
    if (is_gap)
        return GST_CONVNEXT_NOT_DUE;
    if (self->has_run &&
        (self->frames < settings->interval || !has_passed(self, times->pts, settings->min_period)))
        return GST_CONVNEXT_NOT_DUE;
    if (settings->mode == GST_CONVNEXT_MODE_SYNC && settings->qos &&
        is_late(self, times->running_time))
        return GST_CONVNEXT_LATE;
    return GST_CONVNEXT_RUN;
}

GstConvnextDecision gst_convnext_schedule_compare(const GstConvnextSchedule *self, GstClockTime pts,
                                                  const CnxThumbnail *thumbnail,
                                                  const GstConvnextFrameSettings *settings)
{
    if (!self->has_run || !self->has_thumbnail)
        return GST_CONVNEXT_RUN;
    if (settings->max_age > 0 && has_passed(self, pts, settings->max_age))
        return GST_CONVNEXT_RUN;
    if (cnx_thumbnail_distance(&self->thumbnail, thumbnail) >= settings->change_threshold)
        return GST_CONVNEXT_RUN;
    return GST_CONVNEXT_UNCHANGED;
}

void gst_convnext_schedule_note_run(GstConvnextSchedule *self, GstClockTime pts,
                                    const CnxThumbnail *thumbnail)
{
    self->has_run = TRUE;
    self->frames = 0;
    self->pts = pts;
    self->has_thumbnail = thumbnail != NULL;
    if (thumbnail)
        self->thumbnail = *thumbnail;
}

gboolean gst_convnext_schedule_add_qos(GstConvnextSchedule *self, GstQOSType type,
                                       GstClockTime running_time, GstClockTimeDiff lateness)
{
    if (lateness <= 0 || !GST_CLOCK_TIME_IS_VALID(running_time)) {
        forget_lateness(self);
        return FALSE;
    }
    if (is_late(self, running_time))
        return type != GST_QOS_TYPE_THROTTLE && running_time < self->late_until;
    if (type == GST_QOS_TYPE_THROTTLE) {
        self->skip_until = self->late_until = running_time + (GstClockTime)lateness;
        return FALSE;
    }
    self->late_until = running_time + (GstClockTime)lateness + (GstClockTime)lateness / 2;
    self->skip_until = running_time + 2 * (GstClockTime)lateness;
    return TRUE;
}
