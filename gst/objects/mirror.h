/* What a network has found in a frame, in GStreamer's own metadata, for elements and applications
 * that read it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gst/convnext/convnext.h"

/* Mirrors the segmentation and the objects of a result about a whole frame on buffer, which is
 * writable; metadata that is already there stays. Boxes are in pixels of the picture in memory, as
 * detectors give them: where a GstVideoCropMeta says which part of it is the frame, they begin at
 * the picture's corner. They are rounded outward, and clipped to the frame.
 * - each object as a GstVideoRegionOfInterestMeta, whose type is the label, or the index of a class
 *   without one, with a structure `detection` as DL Streamer writes it: confidence (double),
 *   label_id (int), x_min, y_min, x_max, y_max (double, fractions of the frame).
 * - each object as a GstAnalyticsODMtd; its region has the same id. GStreamer 1.24 and later.
 * - the mask of each object as an INSTANCE GstAnalyticsSegmentationMtd, related to the object in
 *   both directions: at the size of the frame if the object has such a mask, or else as the network
 *   computes it, scaled to the rounded box. GStreamer 1.26 and later.
 * - the segmentation as a SEMANTIC GstAnalyticsSegmentationMtd, without a copy of the mask, related
 *   to a GstAnalyticsClsMtd with the names of the values from 0, `background`, to the largest in
 *   the mask. A region's index, its id, its value in the mask and the number of its name are the
 *   same: readers use one or another. Their levels are undefined (-1). GStreamer 1.26 and later.
 * An object outside the frame is not mirrored. */
void gst_convnext_mirror_findings(GstBuffer *buffer, GstConvnextResult *result);
