/* Which frames are due to be looked at, by count, by time, and by what they show.
 *
 * Belongs to the streaming thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include "gst/settings/settings.h"
#include "model/preprocess/thumbnail.h"

typedef struct GstConvnextPacing {
    gboolean looked;  /* at a frame since the reset: the last of them is meant below */
    guint since;      /* frames from it to the one at hand */
    GstClockTime pts; /* of it */
    gboolean has_thumbnail;
    CnxThumbnail thumbnail; /* of it */
} GstConvnextPacing;

/* Nanoseconds from one timestamp to the other, whichever is first: played backwards they fall. NONE
 * where one is missing. */
GstClockTime gst_convnext_pacing_between(GstClockTime a, GstClockTime b);

/* The next frame is due, whatever the interval. */
void gst_convnext_pacing_reset(GstConvnextPacing *pacing);

/* Counts the frame, and tells whether it is due: it is no GAP, and it is interval frames and
 * min_period nanoseconds away, in either direction, from the last that was looked at. Where a
 * timestamp is missing, the time counts as passed. */
gboolean gst_convnext_pacing_due(GstConvnextPacing *pacing, GstBuffer *buffer,
                                 const GstConvnextSettings *settings);

/* Whether a frame that is due shows the same as the last one that was looked at, by its thumbnail,
 * and that look is not too old. */
gboolean gst_convnext_pacing_unchanged(const GstConvnextPacing *pacing, GstBuffer *buffer,
                                       const CnxThumbnail *thumbnail,
                                       const GstConvnextSettings *settings);

/* The frame at hand is being looked at. thumbnail: NULL: not known. */
void gst_convnext_pacing_look(GstConvnextPacing *pacing, GstBuffer *buffer,
                              const CnxThumbnail *thumbnail);
