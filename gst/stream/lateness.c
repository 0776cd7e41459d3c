/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/stream/lateness.h"

void gst_convnext_lateness_reset(GstConvnextLateness *self)
{
    self->on_time = self->cured = GST_CLOCK_TIME_NONE;
}

gboolean gst_convnext_lateness_skips(const GstConvnextLateness *self, GstClockTime when)
{
    return GST_CLOCK_TIME_IS_VALID(self->on_time) && GST_CLOCK_TIME_IS_VALID(when) &&
           when < self->on_time;
}

gboolean gst_convnext_lateness_add(GstConvnextLateness *self, GstQOSType type, GstClockTime when,
                                   GstClockTimeDiff late)
{
    if (late <= 0 || !GST_CLOCK_TIME_IS_VALID(when)) {
        gst_convnext_lateness_reset(self);
        return FALSE;
    }
    if (gst_convnext_lateness_skips(self, when))
        return type != GST_QOS_TYPE_THROTTLE && when < self->cured;
    if (type == GST_QOS_TYPE_THROTTLE) {
        self->on_time = self->cured = when + (GstClockTime)late;
        return FALSE;
    }
    self->cured = when + (GstClockTime)late + (GstClockTime)late / 2;
    self->on_time = when + 2 * (GstClockTime)late;
    return TRUE;
}
