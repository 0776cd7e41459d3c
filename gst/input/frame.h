/* Buffers of raw video as pictures that preprocessing reads.
 *
 * Formats that preprocessing reads natively are mapped where they are, whatever their strides. Any
 * other format is converted by GstVideoConverter, into a picture made once, to the nearest one that
 * has a native path: RGB for RGB and for chroma that 4:2:0 and 4:2:2 would lose, I420 for 4:2:0,
 * YUY2 for 4:2:2, GRAY8 for gray. The buffer itself is only ever read.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

#include "model/preprocess/image.h"

/* Where the picture lies in a buffer: pixels. */
typedef struct GstConvnextGeometry {
    guint width, height; /* of the memory's picture */
    guint x, y, w, h;    /* the visible part, inside it */
} GstConvnextGeometry;

/* The caps' size, unless a GstVideoMeta says that the memory holds another and a GstVideoCropMeta
 * which part of it is meant. A crop that lies outside of the picture is cut at its border, and
 * ignored when nothing remains. */
void gst_convnext_geometry(const GstVideoInfo *caps, GstBuffer *buffer,
                           GstConvnextGeometry *geometry);

gboolean gst_convnext_geometry_equal(const GstConvnextGeometry *a, const GstConvnextGeometry *b);

typedef struct GstConvnextFrame GstConvnextFrame;

/* caps: format, colorimetry and pixel aspect ratio. Returns NULL with error (domain CNX_ERROR) when
 * no conversion exists. */
GstConvnextFrame *gst_convnext_frame_new(const GstVideoInfo *caps,
                                         const GstConvnextGeometry *geometry, GError **error);
void gst_convnext_frame_free(GstConvnextFrame *frame); /* NULL allowed */

/* What preprocessing is planned for. Borrowed. */
const CnxImageInfo *gst_convnext_frame_info(const GstConvnextFrame *frame);

/* The name of the format that preprocessing reads: the caps' own, or what it is converted to. */
const char *gst_convnext_frame_format(const GstConvnextFrame *frame);

/* Maps the buffer for reading and fills image, which stays valid until gst_convnext_frame_unmap().
 * FALSE with error when the buffer's memory does not hold such a picture. Takes no reference to the
 * buffer, so that it stays writable. */
gboolean gst_convnext_frame_map(GstConvnextFrame *frame, GstBuffer *buffer, CnxImage *image,
                                GError **error);
void gst_convnext_frame_unmap(GstConvnextFrame *frame);
