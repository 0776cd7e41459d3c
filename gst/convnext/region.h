/* The region of a GstConvnextMeta and the frame that it refers to, across changes of the frame.
 *
 * Not installed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>
#include <gst/convnext/view.h>

G_BEGIN_DECLS

/* A change of a frame that keeps its axes, perhaps exchanged: the pixel coordinates become
 * matrix [2][3] times (x, y, 1). */
typedef struct GstConvnextChange {
    double matrix[2][3];
} GstConvnextChange;

#define GST_CONVNEXT_NO_CHANGE ((GstConvnextChange){{{1, 0, 0}, {0, 1, 0}}})

typedef struct GstConvnextRegion {
    GstVideoRectangle rect;   /* pixels; width 0 if it is unknown */
    GstVideoRectangle crop;   /* the GstVideoCropMeta of the frame; width 0 if it has none */
    guint width, height;      /* of the frame, pixels; 0 if unknown */
    GstConvnextChange change; /* of the frame since the result was computed on it */
} GstConvnextRegion;

/* Maps the frame's side of the view. */
void gst_convnext_view_follow(GstConvnextView *view, const GstConvnextChange *change);

/* Moves a box with its frame. */
void gst_convnext_change_box(const GstConvnextChange *change, double *x, double *y, double *width,
                             double *height);

/* Moves the rectangle to another place in the same frame, because what it shows has moved. */
void gst_convnext_region_move(GstConvnextRegion *self, const GstVideoRectangle *rect);

/* Follows a transform of metadata from a buffer with this crop, as in GstConvnextRegion, to another
 * buffer. FALSE if the region is unknown from now on, because it is not clear where it went or
 * because it is outside. */
gboolean gst_convnext_region_transform(GstConvnextRegion *self, const GstVideoRectangle *crop,
                                       GQuark type, gpointer data);

/* Moves the rectangle to the frame that the caps of a buffer, of width x height (0 if unknown), and
 * its crop describe now. FALSE if the region is unknown. */
gboolean gst_convnext_region_locate(GstConvnextRegion *self, const GstVideoRectangle *crop,
                                    int width, int height);

G_END_DECLS
