/* Masks painted into frames, in every raw format.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/overlay/canvas.h"

#include <string.h>

#include <gst/check/gstcheck.h>

#include "tests/gst/support/findings.h"
#include "tests/gst/support/frames.h"

/* Neither a multiple of the subsampling. The mask, 3 x 2, covers 24 x 16 pixels from (8, 4) on: its
 * pixels, 8 x 8, are. */
#define WIDTH 43
#define HEIGHT 27
#define SIDE 8

static const guint8 mask_values[2][3] = {{0, 1, 1}, {2, 0, 0}};
static const GstConvnextRect mask_rect = {8, 4, 3 * SIDE, 2 * SIDE};

static GstConvnextResult *make_segmented(void)
{
    const guint8 colours[] = {0xe0, 0x20, 0x20, 0x20, 0xc0, 0x40};
    g_autoptr(GstConvnextLegend) legend = gst_convnext_legend_new(2, NULL, colours);
    GstConvnextResult *result = findings_new();

    fail_unless(gst_convnext_result_set_segmentation(
        result, findings_memory(mask_values, sizeof(mask_values)), 3, 2, 8, &mask_rect, legend));
    return result;
}

/* The value of the mask at a pixel of the frame. */
static guint value_at(const GstConvnextRect *rect, int x, int y)
{
    const int column = x - rect->x, row = y - rect->y;

    return column < 0 || row < 0 || column >= rect->w || row >= rect->h
               ? 0
               : mask_values[row * 2 / rect->h][column * 3 / rect->w];
}

static void paint(const GstVideoInfo *info, GstBuffer *buffer, const GstConvnextRect *rect)
{
    g_autoptr(GstConvnextResult) result = make_segmented();
    GstConvnextCanvas *canvas = gst_convnext_canvas_new(info);
    GstVideoFrame frame;

    fail_unless(gst_video_frame_map(&frame, info, buffer, GST_MAP_READWRITE));
    gst_convnext_canvas_add_mask(canvas, gst_convnext_result_get_segmentation(result), rect, NULL);
    gst_convnext_canvas_paint(canvas, &frame);
    gst_video_frame_unmap(&frame);
    gst_convnext_canvas_free(canvas);
}

static GstBuffer *new_frame(const GstVideoInfo *info)
{
    GstBuffer *buffer = gst_buffer_new_allocate(NULL, info->size, NULL);

    gst_buffer_memset(buffer, 0, 0, -1);
    return buffer;
}

/* GStreamer's own conversion, through 16 bits, sees the mean of both colours. */
static void check_colours(const GstVideoInfo *info)
{
    static const double colours[][3] = {{96, 160, 200}, {224, 32, 32}, {32, 192, 64}};
    const int tolerance = GST_VIDEO_INFO_COMP_DEPTH(info, 0) < 8 ? 9 : 4;
    guint16 pixel[] = {G_MAXUINT16, 96 * 257, 160 * 257, 200 * 257};
    GstVideoInfo rgb;

    gst_video_info_set_format(&rgb, GST_VIDEO_FORMAT_ARGB64, WIDTH, HEIGHT);
    g_autoptr(GstBuffer) source = new_frame(&rgb), frame = new_frame(info), seen = new_frame(&rgb);
    for (gsize i = 0; i < WIDTH * HEIGHT; i++)
        gst_buffer_fill(source, i * sizeof(pixel), pixel, sizeof(pixel));
    frames_convert(&rgb, source, info, frame);
    paint(info, frame, &mask_rect);
    frames_convert(info, frame, &rgb, seen);
    for (int y = SIDE / 2; y < HEIGHT; y += SIDE) {
        for (int x = SIDE / 2; x < WIDTH; x += SIDE) {
            const double *painted = colours[value_at(&mask_rect, x, y)];
            double mean[3];

            for (guint i = 0; i < 3; i++)
                mean[i] = (colours[0][i] + painted[i]) / 2;
            if (GST_VIDEO_INFO_IS_GRAY(info))
                mean[0] = mean[1] = mean[2] = 0.299 * mean[0] + 0.587 * mean[1] + 0.114 * mean[2];
            gst_buffer_extract(seen, (gsize)(y * WIDTH + x) * sizeof(pixel), pixel, sizeof(pixel));
            for (guint i = 0; i < 3; i++)
                fail_unless(ABS(pixel[1 + i] / 257. - mean[i]) <= tolerance,
                            "%s: component %u at %d,%d is %g, expected %g",
                            GST_VIDEO_INFO_NAME(info), i, x, y, pixel[1 + i] / 257., mean[i]);
        }
    }
}

/* Fills a frame with any values that the format can have: bits that it does not use are 0. */
static void fill(const GstVideoInfo *info, GstBuffer *frame)
{
    const GstVideoFormatInfo *format = info->finfo;
    GstVideoFrame pixels;
    guint8 row[WIDTH * 8];
    guint32 state = 1;

    fail_unless(gst_video_frame_map(&pixels, info, frame, GST_MAP_READWRITE));
    for (int y = 0; y < HEIGHT; y++) {
        for (gsize i = 0; i < sizeof(row); i++) {
            state = state * 1664525 + 1013904223;
            row[i] = (guint8)(state >> 24);
        }
        format->pack_func(format, 0, row, 0, pixels.data, pixels.info.stride,
                          GST_VIDEO_INFO_CHROMA_SITE(info), y, WIDTH);
    }
    gst_video_frame_unmap(&pixels);
}

/* What is not painted stays, and so does alpha. */
static void check_rest(const GstVideoInfo *info)
{
    const GstVideoFormatInfo *format = info->finfo;
    const gsize size =
        GST_VIDEO_FORMAT_INFO_DEPTH(gst_video_format_get_info(format->unpack_format), 0) / 8;
    g_autoptr(GstBuffer) frame = new_frame(info);
    GstVideoFrame before, after;
    guint8 row[2][WIDTH * 8];

    fill(info, frame);
    g_autoptr(GstBuffer) original = gst_buffer_copy_deep(frame);
    paint(info, frame, &mask_rect);
    fail_unless(gst_video_frame_map(&before, info, original, GST_MAP_READ));
    fail_unless(gst_video_frame_map(&after, info, frame, GST_MAP_READ));
    for (int y = 0; y < HEIGHT; y++) {
        format->unpack_func(format, 0, row[0], before.data, before.info.stride, 0, y, WIDTH);
        format->unpack_func(format, 0, row[1], after.data, after.info.stride, 0, y, WIDTH);
        for (int x = 0; x < WIDTH; x++) {
            const gboolean is_painted = value_at(&mask_rect, x, y) != 0;
            const gsize at = (gsize)x * 4 * size;

            fail_unless(memcmp(&row[0][at], &row[1][at], is_painted ? size : 4 * size) == 0,
                        "%s: %d,%d changed", GST_VIDEO_INFO_NAME(info), x, y);
        }
    }
    gst_video_frame_unmap(&before);
    gst_video_frame_unmap(&after);
}

static gboolean is_excluded(const GstVideoInfo *info)
{
    return GST_VIDEO_FORMAT_INFO_HAS_PALETTE(info->finfo) ||
           GST_VIDEO_FORMAT_INFO_IS_TILED(info->finfo) ||
           GST_VIDEO_INFO_FORMAT(info) == GST_VIDEO_FORMAT_UYVP ||
           GST_VIDEO_INFO_FORMAT(info) == GST_VIDEO_FORMAT_NV61;
}

/* Every raw format but those that cannot be painted. */
GST_START_TEST(test_formats)
{
    guint n, n_painted = 0;
    const GstVideoFormat *formats = gst_video_formats_raw(&n);
    GstVideoInfo info;

    for (guint i = 0; i < n; i++) {
        gst_video_info_set_format(&info, formats[i], WIDTH, HEIGHT);
        GstConvnextCanvas *canvas = gst_convnext_canvas_new(&info);

        fail_unless(is_excluded(&info) == !canvas, "%s", GST_VIDEO_INFO_NAME(&info));
        if (!canvas)
            continue;
        gst_convnext_canvas_free(canvas);
        check_colours(&info);
        check_rest(&info);
        n_painted++;
    }
    fail_unless(n_painted > 80, "%u formats", n_painted);
}
GST_END_TEST;

/* The matrix and the range of the caps. */
GST_START_TEST(test_colorimetry)
{
    static const char *const words[] = {"bt709", "1:3:5:1", "bt2020", "2:4:7:1"};
    GstVideoInfo info;

    for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
        gst_video_info_set_format(&info, GST_VIDEO_FORMAT_NV12, WIDTH, HEIGHT);
        fail_unless(gst_video_colorimetry_from_string(&info.colorimetry, words[i]));
        info.colorimetry.primaries = GST_VIDEO_COLOR_PRIMARIES_UNKNOWN;
        check_colours(&info);
    }
}
GST_END_TEST;

/* The mask is scaled by nearest, clipped to the frame, and may lie outside it. */
GST_START_TEST(test_placement)
{
    static const GstConvnextRect rects[] = {
        {-7, -5, 47, 31}, {1, 2, 3, 2},  {40, 20, 30, 20}, {0, 0, WIDTH, HEIGHT},
        {50, 0, 3, 2},    {0, -9, 3, 2}, {3, 3, 2, 1},     {-100000, -60000, 200000, 200000},
    };
    GstVideoInfo info;
    GstVideoFrame frame;

    gst_video_info_set_format(&info, GST_VIDEO_FORMAT_GRAY8, WIDTH, HEIGHT);
    for (guint i = 0; i < G_N_ELEMENTS(rects); i++) {
        const GstConvnextRect *rect = &rects[i];
        g_autoptr(GstBuffer) buffer = new_frame(&info);
        guint n_painted = 0;

        paint(&info, buffer, rect);
        fail_unless(gst_video_frame_map(&frame, &info, buffer, GST_MAP_READ));
        for (int y = 0; y < HEIGHT; y++) {
            const guint8 *row = (guint8 *)GST_VIDEO_FRAME_PLANE_DATA(&frame, 0) +
                                (gsize)y * GST_VIDEO_FRAME_PLANE_STRIDE(&frame, 0);

            for (int x = 0; x < WIDTH; x++) {
                const double column = (x + 0.5 - rect->x) * 3 / rect->w;
                const double line = (y + 0.5 - rect->y) * 2 / rect->h;
                const gboolean is_inside = column >= 0 && column < 3 && line >= 0 && line < 2;
                const guint value = is_inside ? mask_values[(int)line][(int)column] : 0;

                fail_unless((row[x] != 0) == (value != 0), "rectangle %u at %d,%d", i, x, y);
                n_painted += value != 0;
            }
        }
        fail_unless((n_painted > 0) == (i != 2 && i != 4 && i != 5), "rectangle %u", i);
        gst_video_frame_unmap(&frame);
    }
}
GST_END_TEST;

static Suite *paint_suite(void)
{
    Suite *s = suite_create("paint");
    TCase *tc = tcase_create("paint");

    suite_add_tcase(s, tc);
    tcase_add_test(tc, test_formats);
    tcase_add_test(tc, test_colorimetry);
    tcase_add_test(tc, test_placement);
    return s;
}

GST_CHECK_MAIN(paint)
