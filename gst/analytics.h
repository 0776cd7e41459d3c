/* The same results in GStreamer's own metadata, for elements and applications that read that.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gst/convnext/convnext.h"

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
