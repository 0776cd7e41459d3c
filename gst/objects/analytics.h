/* The same results in GStreamer's own metadata, for elements and applications that read that.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gst/convnext/convnext.h"
#include "gst/objects/detections.h"

/* Mirrors result, about a whole frame, on buffer, which is writable:
 * - the classes as a GstAnalyticsClsMtd without relations, best first, since upstream's readers
 *   look at the first only; a class without a label is named by its index. GStreamer 1.24 and
 *   later.
 * - the tensors in the buffer's GstTensorMeta, after what it holds already, sharing their memory;
 *   ids classification-generic-out for the logits (upstream's registry), convnext-embedding-out and
 *   convnext-stageN-out. Before 1.28 GStreamer loses this one when the buffer is copied.
 *   GStreamer 1.26 and later.
 * Does nothing when built without gstreamer-analytics-1.0. */
void gst_convnext_analytics_mirror(GstBuffer *buffer, GstConvnextResult *result);

/* Appends the buffer's GstAnalyticsODMtd to objects, an array of GstConvnextDetection, with the ids
 * of the GstAnalyticsTrackingMtd that are related to them and have not lost them. GStreamer 1.24
 * and later; does nothing otherwise. */
void gst_convnext_analytics_find_objects(GArray *objects, GstBuffer *buffer);

/* Mirrors the classes of a result about the object of a GstAnalyticsODMtd with this id on the same
 * buffer, which is writable, as a GstAnalyticsClsMtd that the object contains and relates to, and
 * that is part of and relates to the object. Does nothing when built without. */
void gst_convnext_analytics_mirror_object(GstBuffer *buffer, guint mtd, GstConvnextResult *result);
