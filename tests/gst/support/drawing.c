/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/gst/support/drawing.h"

#include <string.h>

#include "tests/gst/support/frames.h"
#include "tests/gst/support/harness.h"

const GstConvnextRect drawing_box = {100, 80, 120, 90};

/* Frames */

GstVideoInfo drawing_info(const char *caps_string)
{
    g_autoptr(GstCaps) caps = gst_caps_from_string(caps_string);
    GstVideoInfo info;

    fail_unless(gst_video_info_from_caps(&info, caps), "%s", caps_string);
    info.fps_n = 0; /* converters want the same of both sides */
    info.fps_d = 1;
    info.par_n = info.par_d = 1;
    info.interlace_mode = GST_VIDEO_INTERLACE_MODE_PROGRESSIVE;
    return info;
}

/* A grey frame in memory that is followed by bytes which must stay. */
#define GUARD 4096
GstBuffer *drawing_frame(const char *caps)
{
    const GstVideoInfo info = drawing_info(caps);
    GstVideoInfo grey;
    guint8 *memory = g_malloc(info.size + GUARD);
    GstBuffer *frame =
        gst_buffer_new_wrapped_full(0, memory, info.size + GUARD, 0, info.size, memory, g_free);

    gst_video_info_set_format(&grey, GST_VIDEO_FORMAT_RGB, (guint)info.width, (guint)info.height);
    g_autoptr(GstBuffer) source = gst_buffer_new_allocate(NULL, grey.size, NULL);
    memset(memory, 0xa5, info.size + GUARD);
    gst_buffer_memset(source, 0, DRAWING_GREY & 0xff, grey.size);
    frames_convert(&grey, source, &info, frame);
    return frame;
}

static void check_guard(GstBuffer *frame, const char *caps)
{
    const GstVideoInfo info = drawing_info(caps);
    GstMapInfo map;

    fail_unless(gst_buffer_map(frame, &map, GST_MAP_READ));
    fail_unless_equals_int(map.size, info.size);
    if (map.maxsize >= info.size + GUARD)
        for (gsize i = info.size; i < info.size + GUARD; i++)
            fail_unless_equals_int(map.data[i], 0xa5);
    gst_buffer_unmap(frame, &map);
}

/* A frame as 8-bit RGB, [height, width, 3]. Takes the frame. */
guint8 *drawing_pixels(const char *caps, GstBuffer *frame)
{
    const GstVideoInfo info = drawing_info(caps);
    GstVideoInfo rgb;
    gsize size;
    gpointer pixels;

    gst_video_info_set_format(&rgb, GST_VIDEO_FORMAT_RGB, (guint)info.width, (guint)info.height);
    rgb.stride[0] = info.width * 3;
    g_autoptr(GstBuffer) converted = gst_buffer_new_allocate(NULL, rgb.size, NULL);
    gst_buffer_add_video_meta_full(converted, 0, GST_VIDEO_FORMAT_RGB, (guint)info.width,
                                   (guint)info.height, 1, rgb.offset, rgb.stride);
    frames_convert(&info, frame, &rgb, converted);
    gst_buffer_unref(frame);
    gst_buffer_extract_dup(converted, 0, -1, &pixels, &size);
    return pixels;
}

gboolean drawing_is_near(const guint8 *pixel, guint rgb, int tolerance)
{
    return ABS(pixel[0] - (int)(rgb >> 16)) <= tolerance &&
           ABS(pixel[1] - (int)(rgb >> 8 & 0xff)) <= tolerance &&
           ABS(pixel[2] - (int)(rgb & 0xff)) <= tolerance;
}

guint drawing_count(const guint8 *rgb, gsize n, guint colour)
{
    guint count = 0;

    for (gsize i = 0; i < n; i++)
        count += drawing_is_near(rgb + i * 3, colour, 0);
    return count;
}

guint drawing_count_changed(const guint8 *rgb, gsize n)
{
    return (guint)n - drawing_count(rgb, n, DRAWING_GREY);
}

/* Results */

GstConvnextResult *drawing_result(guint width, guint height)
{
    GstConvnextResult *result = gst_convnext_result_new("model", 0);

    gst_convnext_result_set_frame_size(result, width, height);
    gst_convnext_result_set_region(result, 0, 0, width, height);
    return result;
}

GstConvnextResult *drawing_classes(const char *first, float score, const char *second)
{
    GstConvnextResult *result = drawing_result(DRAWING_WIDTH, DRAWING_HEIGHT);

    gst_convnext_result_set_activation(result, GST_CONVNEXT_ACTIVATION_SOFTMAX);
    gst_convnext_result_add_class(result, 3, first, score);
    gst_convnext_result_add_class(result, 0, second, 1 - score);
    return result;
}

GstConvnextLegend *drawing_legend(void)
{
    const char *const labels[] = {"car", "person"};
    const guint8 colours[] = {0xff, 0, 0, 0, 0, 0xff};

    return gst_convnext_legend_new(2, labels, colours);
}

/* A red car in the box. */
GstConvnextResult *drawing_objects(void)
{
    g_autoptr(GstConvnextLegend) legend = drawing_legend();
    const GstConvnextDetectedObject car = {
        0, NULL, 0.9f, drawing_box.x, drawing_box.y, drawing_box.w, drawing_box.h};
    GstConvnextResult *result = drawing_result(DRAWING_WIDTH, DRAWING_HEIGHT);

    gst_convnext_result_set_objects(result, legend, 1, &car);
    return result;
}

GstConvnextMeta *drawing_attach(GstBuffer *frame, GstConvnextResult *result)
{
    GstConvnextMeta *meta = gst_buffer_add_convnext_meta(frame, result, 0);

    gst_convnext_result_unref(result);
    return meta;
}

void drawing_add_roi(GstBuffer *frame, const char *label, const GstConvnextRect *rect)
{
    gst_buffer_add_video_region_of_interest_meta(frame, label, (guint)rect->x, (guint)rect->y,
                                                 (guint)rect->w, (guint)rect->h);
}

/* The element */

GstHarness *drawing_open(const char *properties, const char *caps)
{
    g_autofree char *launch = g_strconcat("convnextoverlay ", properties, NULL);
    GstHarness *h = gst_harness_new_parse(launch);

    if (caps)
        gst_harness_set_src_caps_str(h, caps);
    return h;
}

/* The pixels of a frame behind an overlay with these properties. Takes the frame. */
guint8 *drawing_draw_in(const char *properties, const char *caps, GstBuffer *frame)
{
    g_autoptr(GstHarness) h = drawing_open(properties, caps);
    GstBuffer *out;

    fail_unless_equals_int(gst_harness_push(h, frame), GST_FLOW_OK);
    out = gst_harness_pull(h);
    check_guard(out, caps);
    return drawing_pixels(caps, out);
}

guint8 *drawing_draw(const char *properties, GstBuffer *frame)
{
    return drawing_draw_in(properties, DRAWING_CAPS, frame);
}

const guint8 *drawing_pixel(const guint8 *rgb, int x, int y)
{
    return rgb + (gsize)(y * DRAWING_WIDTH + x) * 3;
}
