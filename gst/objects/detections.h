/* The objects that detectors have found in a frame.
 *
 * They come as GstVideoRegionOfInterestMeta and, in GStreamer 1.24 and later, as GstAnalyticsODMtd.
 * Some detectors write both; an object that two of them describe is one object here, and its result
 * goes to both.
 *
 * Their boxes are in pixels of the picture in memory. Where a GstVideoCropMeta shows only a part of
 * it, videocrop has left them alone.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

#include "gst/engine/job.h"
#include "gst/input/frame.h"

/* A box whose one side is shown so many times as long as the other is no object. */
#define GST_CONVNEXT_OBJECT_MAX_ASPECT 64

/* Where a tracking id stands. The same number means the same object only in the same place. */
typedef enum GstConvnextTracker {
    GST_CONVNEXT_TRACKER_NONE,
    GST_CONVNEXT_TRACKER_MTD,   /* in a GstAnalyticsTrackingMtd */
    GST_CONVNEXT_TRACKER_PARAM, /* in the region's structure `object_id`, as DL Streamer's */
    GST_CONVNEXT_TRACKER_REGION /* the region's own id, which some detectors make anew each frame */
} GstConvnextTracker;

typedef struct GstConvnextDetection {
    int x, y, w, h; /* as the detector gave them: they may lie outside of the picture */
    GQuark type;    /* 0: none */
    int id;         /* to tell people: of the tracker; -1: none, or none that fits */
    GstConvnextTracker tracker;
    guint64 track;                     /* with a tracker: the same in each frame */
    int mtd;                           /* of the GstAnalyticsODMtd; -1: there is none */
    GstVideoRegionOfInterestMeta *roi; /* the buffer's; NULL: there is none */

    GstConvnextRegion region; /* to look at: clipped, with the margin, in pixels of the caps */
    GstConvnextRegion place;  /* the same in pixels of the picture in memory */
} GstConvnextDetection;

/* Replaces objects, an array of GstConvnextDetection, by those of the buffer that the selection
 * wants. They refer to the buffer's metadata. */
void gst_convnext_detections_find(GArray *objects, GstBuffer *buffer, const GstVideoInfo *caps,
                                  const GstConvnextSelection *selection);

/* Intersection over union of two objects' boxes, 0..1. */
double gst_convnext_detections_overlap(const GstConvnextDetection *a,
                                       const GstConvnextDetection *b);
