/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/results/layout.h"

#include <math.h>

#include "gst/results/turn.h"

/* The pixels of a mask that show the frame, along one axis. */
typedef struct Span {
    guint whole; /* pixels of the whole input */
    guint first, n;
} Span;

/* network, content, content_n: pixels of the input. Takes at least one pixel. */
static Span span_of(guint whole, guint network, guint content, guint content_n)
{
    const double scale = (double)whole / network;
    const double first = ceil(content * scale - 0.5);
    const double end = ceil((content + content_n) * scale - 0.5);
    Span span = {.whole = whole, .first = (guint)CLAMP(first, 0, whole - 1)};

    span.n = (guint)CLAMP(end - span.first, 1, whole - span.first);
    return span;
}

/* The pixels of an input at the scale of the frame. shown: pixels of the frame that the content
 * shows. */
static guint pixels_at_frame_size(guint network, guint content, double shown)
{
    return (guint)MAX(1, lround(shown * network / content));
}

static GstConvnextRect rect_of(const GstConvnextView *view, const Span *across, const Span *down)
{
    const double x_scale = (double)view->network_width / across->whole;
    const double y_scale = (double)view->network_height / down->whole;
    double x = across->first * x_scale, y = down->first * y_scale;
    double w = across->n * x_scale, h = down->n * y_scale;

    gst_convnext_view_box_to_frame(view, &x, &y, &w, &h);
    const GstConvnextRect rect = {(int)lround(x), (int)lround(y), MAX(1, (int)lround(w)),
                                  MAX(1, (int)lround(h))};
    return rect;
}

GstConvnextLayout gst_convnext_layout_of(const GstConvnextView *view, GstConvnextMaskSize size,
                                         guint map_width, guint map_height)
{
    const gboolean swaps = gst_convnext_swaps_sides(view->orientation);
    guint width = view->network_width, height = view->network_height;

    if (size == GST_CONVNEXT_MASK_SIZE_STRIDE) {
        width = map_width;
        height = map_height;
    } else if (size == GST_CONVNEXT_MASK_SIZE_FRAME) {
        width =
            pixels_at_frame_size(width, view->content_width, swaps ? view->height : view->width);
        height =
            pixels_at_frame_size(height, view->content_height, swaps ? view->width : view->height);
    }
    const Span across = span_of(width, view->network_width, view->content_x, view->content_width);
    const Span down = span_of(height, view->network_height, view->content_y, view->content_height);

    return (GstConvnextLayout){
        .whole_width = width,
        .whole_height = height,
        .x = across.first,
        .y = down.first,
        .w = across.n,
        .h = down.n,
        .orientation = view->orientation,
        .width = swaps ? down.n : across.n,
        .height = swaps ? across.n : down.n,
        .rect = rect_of(view, &across, &down),
    };
}

gboolean gst_convnext_layout_is_plain(const GstConvnextLayout *layout)
{
    return layout->orientation == GST_CONVNEXT_ORIENTATION_IDENTITY &&
           layout->w == layout->whole_width && layout->h == layout->whole_height;
}
