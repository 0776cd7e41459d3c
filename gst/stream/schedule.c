/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/stream/schedule.h"

GstClockTime gst_convnext_pacing_between(GstClockTime a, GstClockTime b)
{
    if (!GST_CLOCK_TIME_IS_VALID(a) || !GST_CLOCK_TIME_IS_VALID(b))
        return GST_CLOCK_TIME_NONE;
    return a > b ? a - b : b - a;
}

void gst_convnext_pacing_reset(GstConvnextPacing *self)
{
    *self = (GstConvnextPacing){.pts = GST_CLOCK_TIME_NONE};
}

static gboolean period_passed(const GstConvnextPacing *self, GstClockTime now, GstClockTime period)
{
    GstClockTime passed = gst_convnext_pacing_between(now, self->pts);

    return !GST_CLOCK_TIME_IS_VALID(passed) || passed >= period;
}

gboolean gst_convnext_pacing_due(GstConvnextPacing *self, GstBuffer *buffer,
                                 const GstConvnextSettings *settings)
{
    self->since++;
    if (GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_GAP))
        return FALSE;
    return !self->looked || (self->since >= settings->interval &&
                             period_passed(self, GST_BUFFER_PTS(buffer), settings->min_period));
}

gboolean gst_convnext_pacing_unchanged(const GstConvnextPacing *self, GstBuffer *buffer,
                                       const CnxThumbnail *thumbnail,
                                       const GstConvnextSettings *settings)
{
    if (!self->looked || !self->has_thumbnail)
        return FALSE;
    if (settings->max_age > 0 && period_passed(self, GST_BUFFER_PTS(buffer), settings->max_age))
        return FALSE;
    return cnx_thumbnail_distance(&self->thumbnail, thumbnail) < settings->change_threshold;
}

void gst_convnext_pacing_look(GstConvnextPacing *self, GstBuffer *buffer,
                              const CnxThumbnail *thumbnail)
{
    self->has_thumbnail = thumbnail != NULL;
    if (thumbnail)
        self->thumbnail = *thumbnail;
    self->looked = TRUE;
    self->since = 0;
    self->pts = GST_BUFFER_PTS(buffer);
}
