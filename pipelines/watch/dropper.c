/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/dropper.h"

/* Decoding resumes at a key frame with no more lag than this. Queued frames pass quickly, so one
 * soon qualifies or the queue runs empty. */
#define RESUME_LAG (GST_SECOND / 2)

/* If the lag has not fallen for this long, dropping does not help. */
#define NO_PROGRESS GST_SECOND

/* Resume without a key frame after this long: some streams refresh the picture piece by piece. */
#define NO_KEY_FRAME (20 * GST_SECOND)

GstClockTime watch_dropper_lag(GstPad *pad, GstBuffer *frame)
{
    g_autoptr(GstElement) element = gst_pad_get_parent_element(pad);
    g_autoptr(GstEvent) event = gst_pad_get_sticky_event(pad, GST_EVENT_SEGMENT, 0);
    GstClockTime now = GST_CLOCK_TIME_NONE, stamp = GST_CLOCK_TIME_NONE;
    const GstSegment *segment;

    if (element)
        now = gst_element_get_current_running_time(element);
    if (event) {
        gst_event_parse_segment(event, &segment);
        if (segment->format == GST_FORMAT_TIME)
            stamp =
                gst_segment_to_running_time(segment, GST_FORMAT_TIME, GST_BUFFER_DTS_OR_PTS(frame));
    }
    if (!GST_CLOCK_TIME_IS_VALID(now) || !GST_CLOCK_TIME_IS_VALID(stamp))
        return GST_CLOCK_TIME_NONE;
    return now > stamp ? now - stamp : 0;
}

static void start_dropping(WatchDropper *self, GstClockTime now, GstClockTime lag)
{
    self->is_dropping = TRUE;
    self->start_time = self->lowest_time = now;
    self->lowest_lag = lag;
}

gboolean watch_dropper_drops(WatchDropper *self, GstClockTime now, GstClockTime lag,
                             gboolean is_key_frame)
{
    if (!GST_CLOCK_TIME_IS_VALID(lag)) {
        self->is_dropping &= !is_key_frame;
        return self->is_dropping;
    }
    self->base_lag = MIN(self->base_lag, lag);
    if (!self->is_dropping && lag - self->base_lag > self->max_lag)
        start_dropping(self, now, lag);
    if (!self->is_dropping)
        return FALSE;
    if (lag < self->lowest_lag) {
        self->lowest_lag = lag;
        self->lowest_time = now;
    }
    if (!is_key_frame && now - self->start_time < NO_KEY_FRAME)
        return TRUE;
    if (lag - self->base_lag <= RESUME_LAG) {
        self->is_dropping = FALSE;
    } else if (now - self->lowest_time > NO_PROGRESS) {
        self->is_dropping = FALSE;
        self->base_lag = lag;
    }
    return self->is_dropping;
}
