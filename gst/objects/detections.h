/* Finds the objects that detectors have described on a buffer.
 *
 * Detectors write GstVideoRegionOfInterestMeta and, from GStreamer 1.24 on, GstAnalyticsODMtd. Some
 * write both; an object that both describe is one detection, and its result is added to both.
 *
 * Boxes are in pixels of the picture in memory. videocrop does not change them when a
 * GstVideoCropMeta makes only a part of the picture visible.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

#include "gst/results/subject.h"
#include "gst/settings/settings.h"

/* Boxes with a larger aspect ratio than this are ignored. */
#define GST_CONVNEXT_MAX_ASPECT_RATIO 64

/* The source of a tracking id. Ids from different sources are unrelated. */
typedef enum GstConvnextTracker {
    GST_CONVNEXT_TRACKER_NONE,
    GST_CONVNEXT_TRACKER_MTD,   /* a GstAnalyticsTrackingMtd */
    GST_CONVNEXT_TRACKER_PARAM, /* the region's structure `object_id`, as DL Streamer writes it */
    GST_CONVNEXT_TRACKER_REGION /* the region's own id, which some detectors renumber each frame */
} GstConvnextTracker;

typedef struct GstConvnextDetection {
    GstConvnextRect box; /* as the detector gave it: it may extend beyond the picture */
    GstConvnextTracker tracker;
    guint64 tracking_id;               /* with a tracker; the same in each frame of the object */
    float score;                       /* of the detector, 0 to 1; negative if unknown */
    int mtd;                           /* id of the GstAnalyticsODMtd; -1 without one */
    GstVideoRegionOfInterestMeta *roi; /* on the buffer; NULL without one */
    GstConvnextRect place;    /* the part that runs, with margin, clipped, in pixels of memory */
    GstConvnextObject object; /* its rect is that part in pixels of the caps' frame */
} GstConvnextDetection;

/* Replaces the contents of detections, an array of GstConvnextDetection, with the buffer's objects
 * that match the selection. They point to the buffer's metadata. FALSE if the buffer describes no
 * objects at all. */
gboolean gst_convnext_detections_find(GArray *detections, GstBuffer *buffer,
                                      const GstVideoInfo *caps,
                                      const GstConvnextSelection *selection);

/* Intersection over union of two detections' boxes, 0..1. */
double gst_convnext_detections_overlap(const GstConvnextDetection *a,
                                       const GstConvnextDetection *b);
