/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/overlay/painting.h"

#include "gst/input/bounds.h"

/* Elements that add a GstVideoCropMeta may show another picture than the caps describe. */
static gboolean has_size_of_caps(const GstVideoInfo *caps, const GstVideoMeta *meta)
{
    return !meta || (meta->width == (guint)GST_VIDEO_INFO_WIDTH(caps) &&
                     meta->height == (guint)GST_VIDEO_INFO_HEIGHT(caps));
}

void gst_convnext_paint_buffer(GstConvnextCanvas *canvas, const GstVideoInfo *caps,
                               GstBuffer *buffer)
{
    const GstVideoMeta *meta = gst_buffer_get_video_meta(buffer);
    GstVideoFrame frame;

    if (!has_size_of_caps(caps, meta) ||
        (meta && !gst_convnext_bounds_check_meta(caps, meta, NULL)) ||
        !gst_video_frame_map(&frame, caps, buffer, GST_MAP_READWRITE))
        return;
    if (!meta || gst_convnext_bounds_check_planes(&frame, NULL))
        gst_convnext_canvas_paint(canvas, &frame);
    gst_video_frame_unmap(&frame);
}
