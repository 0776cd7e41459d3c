/* GstConvnextView: how a network saw a frame, and the mapping between both.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/convnext/prelude.h>

G_BEGIN_DECLS

/**
 * GstConvnextOrientation:
 * @GST_CONVNEXT_ORIENTATION_IDENTITY: the frame is upright
 * @GST_CONVNEXT_ORIENTATION_90R: turned clockwise by 90 degrees
 * @GST_CONVNEXT_ORIENTATION_180: turned by 180 degrees
 * @GST_CONVNEXT_ORIENTATION_90L: turned counterclockwise by 90 degrees
 * @GST_CONVNEXT_ORIENTATION_HORIZ: flipped horizontally
 * @GST_CONVNEXT_ORIENTATION_VERT: flipped vertically
 * @GST_CONVNEXT_ORIENTATION_UL_LR: flipped across the diagonal from upper left to lower right
 * @GST_CONVNEXT_ORIENTATION_UR_LL: flipped across the diagonal from upper right to lower left
 * @GST_CONVNEXT_ORIENTATION_AUTO: as a value of the element's property, the orientation in the
 *   stream's `image-orientation` tag; never in a result
 *
 * How a frame is turned to be upright. The values are those of #GstVideoOrientationMethod.
 *
 * Since: 0.1
 */
typedef enum {
    GST_CONVNEXT_ORIENTATION_IDENTITY,
    GST_CONVNEXT_ORIENTATION_90R,
    GST_CONVNEXT_ORIENTATION_180,
    GST_CONVNEXT_ORIENTATION_90L,
    GST_CONVNEXT_ORIENTATION_HORIZ,
    GST_CONVNEXT_ORIENTATION_VERT,
    GST_CONVNEXT_ORIENTATION_UL_LR,
    GST_CONVNEXT_ORIENTATION_UR_LL,
    GST_CONVNEXT_ORIENTATION_AUTO
} GstConvnextOrientation;

#define GST_TYPE_CONVNEXT_ORIENTATION (gst_convnext_orientation_get_type())

GST_CONVNEXT_API
GType gst_convnext_orientation_get_type(void);

/**
 * GstConvnextView:
 * @x: left edge of the part of the frame that the network saw, in pixels of the frame
 * @y: top edge of that part, in pixels
 * @width: width of that part, in pixels, more than 0
 * @height: height of that part, in pixels, more than 0
 * @orientation: how that part is turned for the network
 * @network_width: width of the network's input, in pixels
 * @network_height: height of the network's input, in pixels
 * @content_x: left edge of the part of the input that shows the frame, in pixels
 * @content_y: top edge of that part of the input, in pixels
 * @content_width: width of that part of the input, in pixels, at least 1
 * @content_height: height of that part of the input, in pixels, at least 1
 *
 * How a network saw a frame: a part of the frame was turned, scaled and placed in the network's
 * input. The rest of the input is padding.
 *
 * Coordinates are continuous: pixel i covers the span from i to i + 1, in the frame as in the
 * input, and its centre is i + 0.5. With stride s, position i of a feature map covers the span from
 * s i to s (i + 1) of the input. The part of the frame is usually not a whole number of pixels. It
 * is given in stored pixels, whatever their aspect ratio.
 *
 * Since: 0.1
 */
typedef struct _GstConvnextView GstConvnextView;
struct _GstConvnextView {
    double x;
    double y;
    double width;
    double height;
    GstConvnextOrientation orientation;
    guint network_width;
    guint network_height;
    guint content_x;
    guint content_y;
    guint content_width;
    guint content_height;

    /*< private >*/
    gpointer _gst_reserved[GST_PADDING];
};

#define GST_TYPE_CONVNEXT_VIEW (gst_convnext_view_get_type())

GST_CONVNEXT_API
GType gst_convnext_view_get_type(void);

/**
 * gst_convnext_view_copy: (skip)
 * @view: a view
 *
 * Copies a view.
 *
 * Returns: (transfer full): the copy; free it with gst_convnext_view_free()
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
GstConvnextView *gst_convnext_view_copy(const GstConvnextView *view) G_GNUC_WARN_UNUSED_RESULT;

/**
 * gst_convnext_view_free: (skip)
 * @view: (transfer full): a copy made by gst_convnext_view_copy()
 *
 * Frees a copy of a view.
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
void gst_convnext_view_free(GstConvnextView *view);

/**
 * gst_convnext_view_is_valid:
 * @view: (nullable): a view
 *
 * Checks that @view can map points: both parts have an area, the content is inside the network's
 * input, and the orientation is not %GST_CONVNEXT_ORIENTATION_AUTO.
 *
 * Returns: %TRUE if it can
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
gboolean gst_convnext_view_is_valid(const GstConvnextView *view);

/**
 * gst_convnext_view_to_frame:
 * @view: a valid view
 * @x: (inout): in pixels of the network's input; on return, of the frame
 * @y: (inout): in pixels of the network's input; on return, of the frame
 *
 * Maps a point of the network's input to the frame. A point in the padding maps to a point outside
 * the part of the frame that the network saw.
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
void gst_convnext_view_to_frame(const GstConvnextView *view, double *x, double *y);

/**
 * gst_convnext_view_to_network:
 * @view: a valid view
 * @x: (inout): in pixels of the frame; on return, of the network's input
 * @y: (inout): in pixels of the frame; on return, of the network's input
 *
 * Maps a point of the frame to the network's input: the inverse of gst_convnext_view_to_frame().
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
void gst_convnext_view_to_network(const GstConvnextView *view, double *x, double *y);

/**
 * gst_convnext_view_box_to_frame:
 * @view: a valid view
 * @x: (inout): left edge in pixels of the network's input; on return, of the frame
 * @y: (inout): top edge in pixels
 * @width: (inout): width in pixels, 0 or more
 * @height: (inout): height in pixels, 0 or more
 *
 * Maps a box of the network's input to the frame. A box that the view turns keeps its edges in
 * order: @x and @y are its left and top edge in the frame. It is not clipped.
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
void gst_convnext_view_box_to_frame(const GstConvnextView *view, double *x, double *y,
                                    double *width, double *height);

/**
 * gst_convnext_view_box_to_network:
 * @view: a valid view
 * @x: (inout): left edge in pixels of the frame; on return, of the network's input
 * @y: (inout): top edge in pixels
 * @width: (inout): width in pixels, 0 or more
 * @height: (inout): height in pixels, 0 or more
 *
 * Maps a box of the frame to the network's input: the inverse of gst_convnext_view_box_to_frame().
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
void gst_convnext_view_box_to_network(const GstConvnextView *view, double *x, double *y,
                                      double *width, double *height);

G_END_DECLS
