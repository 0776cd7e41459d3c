/* Checks that a buffer's memory holds the picture that its GstVideoMeta describes. GStreamer maps
 * each plane at the meta's offset and does not compare the meta's strides with the memory. Without
 * a meta, it compares the size of the buffer with that of the default layout.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

/* Before the buffer is mapped: TRUE if its meta describes a picture of the caps' format that this
 * many bytes can hold. This limits the memory that preparing for the picture takes. FALSE with
 * error (CNX_ERROR_CORRUPT). */
gboolean gst_convnext_bounds_check_meta(const GstVideoInfo *caps, const GstVideoMeta *meta,
                                        GError **error);

/* After the buffer is mapped: TRUE if every row of every plane lies in the memory that is mapped
 * for the plane. Strides may be negative. mapped has a meta. FALSE with error (CNX_ERROR_CORRUPT).
 */
gboolean gst_convnext_bounds_check_planes(const GstVideoFrame *mapped, GError **error);
