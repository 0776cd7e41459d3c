/* The region of a GstConvnextMeta and the frame that it refers to, across changes of the frame.
 *
 * Not installed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

G_BEGIN_DECLS

/* Where a point of the frame that the result was computed on is now:
 * x' = xx * x + xy * y + x0, y' = yx * x + yy * y + y0. */
typedef struct GstConvnextAffine {
    double xx, xy, x0, yx, yy, y0;
} GstConvnextAffine;

#define GST_CONVNEXT_AFFINE_IDENTITY ((GstConvnextAffine){.xx = 1, .yy = 1})

typedef struct GstConvnextRegion {
    GstVideoRectangle rect; /* pixels; width 0 if it is unknown */
    GstVideoRectangle crop; /* the GstVideoCropMeta of the frame; width 0 if it has none */
    guint width, height;    /* of the frame, pixels; 0 if unknown */
    GstConvnextAffine map;  /* to this frame */
} GstConvnextRegion;

/* Follows a transform of metadata from a buffer with this crop, as in GstConvnextRegion, to another
 * buffer. FALSE if the region is unknown from now on, because it is not clear where it went or
 * because it is outside. */
gboolean gst_convnext_region_transform(GstConvnextRegion *self, const GstVideoRectangle *crop,
                                       GQuark type, gpointer data);

/* Moves the rectangle to the frame that the caps of a buffer, of width x height (0 if unknown), and
 * its crop describe now. FALSE if the region is unknown. */
gboolean gst_convnext_region_locate(GstConvnextRegion *self, const GstVideoRectangle *crop,
                                    int width, int height);

/* Moves a box. The map turns by multiples of 90 degrees only, so it stays a box. */
void gst_convnext_affine_map_box(const GstConvnextAffine *map, double *x, double *y, double *width,
                                 double *height);

G_END_DECLS
