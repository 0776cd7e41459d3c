/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/late.h"

/* From a key frame no later than this on frames are decoded again: when many wait they pass so fast
 * that there is one, or the newest is at hand. */
#define LITTLE (GST_SECOND / 2)

/* Frames that still waited would have been less late by now. */
#define IN_VAIN GST_SECOND

/* A stream without key frames, which refreshes its picture piece by piece. */
#define NO_KEY (20 * GST_SECOND)

GstClockTime watch_late_lag(GstPad *pad, GstBuffer *frame)
{
    GstElement *element = gst_pad_get_parent_element(pad);
    GstEvent *event = gst_pad_get_sticky_event(pad, GST_EVENT_SEGMENT, 0);
    GstClockTime now = GST_CLOCK_TIME_NONE, came = GST_CLOCK_TIME_NONE;
    const GstSegment *segment;

    if (element)
        now = gst_element_get_current_running_time(element);
    if (event) {
        gst_event_parse_segment(event, &segment);
        if (segment->format == GST_FORMAT_TIME)
            came =
                gst_segment_to_running_time(segment, GST_FORMAT_TIME, GST_BUFFER_DTS_OR_PTS(frame));
        gst_event_unref(event);
    }
    gst_clear_object(&element);
    if (!GST_CLOCK_TIME_IS_VALID(now) || !GST_CLOCK_TIME_IS_VALID(came))
        return GST_CLOCK_TIME_NONE;
    return now > came ? now - came : 0;
}

static void begin(WatchLate *self, GstClockTime now, GstClockTime lag)
{
    self->skipping = TRUE;
    self->began = self->lowest_at = now;
    self->lowest = lag;
}

gboolean watch_late_skips(WatchLate *self, GstClockTime now, GstClockTime lag, gboolean key)
{
    if (!GST_CLOCK_TIME_IS_VALID(lag)) {
        self->skipping &= !key;
        return self->skipping;
    }
    self->least = MIN(self->least, lag);
    if (!self->skipping && lag - self->least > self->most)
        begin(self, now, lag);
    if (!self->skipping)
        return FALSE;
    if (lag < self->lowest) {
        self->lowest = lag;
        self->lowest_at = now;
    }
    if (!key && now - self->began < NO_KEY)
        return TRUE;
    if (lag - self->least <= LITTLE) {
        self->skipping = FALSE;
    } else if (now - self->lowest_at > IN_VAIN) {
        self->skipping = FALSE;
        self->least = lag;
    }
    return self->skipping;
}
