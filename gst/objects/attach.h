/* Attaches results to buffers.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gst/convnext/convnext.h"
#include "gst/objects/detections.h"

/* Adds result to buffer, which is writable, as a GstConvnextMeta with its age (nanoseconds, or
 * GST_CLOCK_TIME_NONE), and mirrors it in GStreamer's own metadata. detection: the object that the
 * result is about, with its region and the metadata to mirror the result in; NULL for a whole
 * frame. Returns the metadata, owned by buffer. */
GstConvnextMeta *gst_convnext_attach(GstBuffer *buffer, GstConvnextResult *result,
                                     const GstConvnextDetection *detection);
