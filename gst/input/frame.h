/* Maps buffers of raw video as pictures that preprocessing can read.
 *
 * A native format is mapped in place, whatever its strides. GstVideoConverter converts any other
 * format to the nearest native one, in a picture that is allocated once: I420 for 4:2:0, YUY2 for
 * 4:2:2, GRAY8 for gray, and RGB for the rest. If the tone is converted (see colours.h), formats
 * with more than 8 bits keep them: they become I420_12LE, I422_12LE and ARGB64, which are native
 * then, as are P010_10LE and its like. The buffer itself is only read.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

#include "gst/results/subject.h"
#include "model/preprocess/image.h"

/* The size of the picture in memory, and its visible part. Both are the size in the caps unless a
 * GstVideoMeta gives another size or a GstVideoCropMeta another visible part. A crop that extends
 * beyond the picture is clipped; one that lies outside is ignored. */
void gst_convnext_frame_locate(const GstVideoInfo *caps, GstBuffer *buffer, guint *width,
                               guint *height, GstConvnextRect *visible);

/* Where a part of the caps' frame lies in the visible part of the picture. */
GstConvnextRect gst_convnext_frame_part(const GstVideoInfo *caps, const GstConvnextRect *visible,
                                        const GstConvnextRect *part);

typedef struct GstConvnextFrame GstConvnextFrame;

/* For pictures of width x height with this visible part. caps: format, colorimetry and pixel aspect
 * ratio. NULL with error (domain CNX_ERROR) if GStreamer has no conversion. */
GstConvnextFrame *gst_convnext_frame_new(const GstVideoInfo *caps, guint width, guint height,
                                         const GstConvnextRect *visible, GError **error);
void gst_convnext_frame_free(GstConvnextFrame *frame); /* NULL allowed */

/* TRUE if frame was made for pictures of this size with this visible part. */
gboolean gst_convnext_frame_fits(const GstConvnextFrame *frame, guint width, guint height,
                                 const GstConvnextRect *visible);

/* The picture as preprocessing reads it. Borrowed. */
const CnxImageInfo *gst_convnext_frame_info(const GstConvnextFrame *frame);

/* The format that preprocessing reads: the caps' own, or the one it is converted to. */
const char *gst_convnext_frame_format(const GstConvnextFrame *frame);

/* Maps the buffer for reading and fills image, which stays valid until gst_convnext_frame_unmap().
 * The frame has the size that gst_convnext_frame_locate() finds, and the GstVideoMeta of the
 * buffer, if any, has passed gst_convnext_bounds_check_meta(). FALSE with error (CNX_ERROR_CORRUPT)
 * if the buffer's memory does not hold the picture. Takes no reference to the buffer, which
 * therefore stays writable. */
gboolean gst_convnext_frame_map(GstConvnextFrame *frame, GstBuffer *buffer, CnxImage *image,
                                GError **error);
void gst_convnext_frame_unmap(GstConvnextFrame *frame);
