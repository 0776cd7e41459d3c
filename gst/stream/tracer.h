/* The tracer `convnexttimes`: the times of each job for tools that read GStreamer's tracer log,
 * such as gst-stats.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include "gst/engine/job.h"

/* Whether GST_TRACERS has started the tracer; atomic. */
extern int gst_convnext_tracer_is_on;

/* FALSE, the cost of one load, unless GST_TRACERS names the tracer. */
static inline gboolean gst_convnext_is_traced(void)
{
    return g_atomic_int_get(&gst_convnext_tracer_is_on);
}

gboolean gst_convnext_tracer_register(GstPlugin *plugin);

/* Logs a job that has run, if gst_convnext_is_traced(). total: nanoseconds, see report_job(). */
void gst_convnext_tracer_log(GstElement *element, const GstConvnextJob *job, GstClockTime total);
