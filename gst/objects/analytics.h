/* Results and detections in GStreamer's own analytics metadata, for elements and applications that
 * read it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gst/convnext/convnext.h"
#include "gst/objects/detections.h"

/* Mirrors a result about a whole frame on buffer, which is writable:
 * - the classes as a GstAnalyticsClsMtd without relations, best first, because GStreamer's own
 *   readers use only the first; a class without a label is named by its index. GStreamer 1.24 and
 *   later.
 * - the tensors in the buffer's GstTensorMeta, after those already there, without a copy. The ids
 *   are classification-generic-out for the logits (from GStreamer's registry),
 *   convnext-embedding-out and convnext-stageN-out. Before 1.28 GStreamer loses this meta when it
 *   copies the buffer. GStreamer 1.26 and later.
 * Does nothing in a build without gstreamer-analytics-1.0. */
void gst_convnext_analytics_mirror(GstBuffer *buffer, GstConvnextResult *result);

/* Mirrors the classes of a result about the object of a GstAnalyticsODMtd with this id on the same
 * buffer, which is writable: as a GstAnalyticsClsMtd that the object contains and relates to, and
 * that is part of and relates to the object. Does nothing in a build without analytics. */
void gst_convnext_analytics_mirror_object(GstBuffer *buffer, guint mtd, GstConvnextResult *result);

/* Adds an object of this class on buffer, which is writable, with its box in pixels of the picture
 * in memory. Returns the id of the GstAnalyticsODMtd; -1 in a build without analytics. GStreamer
 * 1.24 and later. */
int gst_convnext_analytics_add_object(GstBuffer *buffer, GQuark type, const GstConvnextRect *box,
                                      float score);

/* Adds the mask of the object of a GstAnalyticsODMtd with this id: rect's w x h bytes, of which 0
 * is not the object and value is. GStreamer 1.26 and later; does nothing otherwise. */
void gst_convnext_analytics_add_object_mask(GstBuffer *buffer, guint mtd, GstMemory *mask,
                                            const GstConvnextRect *rect, guint value);

/* The same from the mask as the network computes it, [side, side] probabilities, scaled to rect: a
 * pixel belongs to the object if its probability is above 0.5. */
void gst_convnext_analytics_add_coarse_mask(GstBuffer *buffer, guint mtd, const float *mask,
                                            guint side, const GstConvnextRect *rect, guint value);

/* Adds a segmentation whose mask covers rect, in pixels of the picture in memory, and the names of
 * its values. GStreamer 1.26 and later; does nothing otherwise. */
void gst_convnext_analytics_add_segmentation(GstBuffer *buffer,
                                             GstConvnextSegmentation *segmentation,
                                             const GstConvnextRect *rect);

/* Appends the buffer's GstAnalyticsODMtd to detections, an array of GstConvnextDetection, with the
 * ids of related GstAnalyticsTrackingMtd that are not lost. GStreamer 1.24 and later; does nothing
 * otherwise. */
void gst_convnext_analytics_find_objects(GArray *detections, GstBuffer *buffer);
