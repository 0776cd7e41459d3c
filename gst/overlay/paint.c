/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/overlay/paint.h"

#include <math.h>

#include "gst/convnext/maskrow.h"

/* Red, green and blue, or Y, Cb and Cr, as the unpacked row has them. */
typedef struct Colour {
    guint16 component[3];
} Colour;

struct GstConvnextPainter {
    GstVideoInfo info;
    const GstVideoFormatInfo *unpacked; /* alpha and three components of 8 or 16 bits */
    gboolean is_wide;                   /* 16 bits */
    gpointer row;                       /* [width, 4] */
    GstConvnextLegend *legend;          /* of colours, or NULL */
    Colour *colours;                    /* [classes] */
};

/* GStreamer packs a last pixel without a neighbour wrongly in these formats: as UYVP behind the end
 * of the row, as NV61 with its colours exchanged. It packs some tiles behind the end of the frame.
 */
static gboolean can_paint(const GstVideoInfo *info)
{
    const GstVideoFormatInfo *format = info->finfo;
    const gboolean needs_pairs = GST_VIDEO_INFO_FORMAT(info) == GST_VIDEO_FORMAT_UYVP ||
                                 GST_VIDEO_INFO_FORMAT(info) == GST_VIDEO_FORMAT_NV61;

    return format->unpack_func && format->pack_func && !GST_VIDEO_FORMAT_INFO_HAS_PALETTE(format) &&
           !GST_VIDEO_FORMAT_INFO_IS_TILED(format) &&
           !(needs_pairs && GST_VIDEO_INFO_WIDTH(info) % 2 == 1);
}

GstConvnextPainter *gst_convnext_painter_new(const GstVideoInfo *info)
{
    const GstVideoFormatInfo *format = info->finfo;
    GstConvnextPainter *self;

    if (!can_paint(info))
        return NULL;
    self = g_new0(GstConvnextPainter, 1);
    self->info = *info;
    self->unpacked = gst_video_format_get_info(format->unpack_format);
    self->is_wide = GST_VIDEO_FORMAT_INFO_DEPTH(self->unpacked, 0) > 8;
    self->row = g_malloc_n((gsize)GST_VIDEO_INFO_WIDTH(info), self->is_wide ? 8 : 4);
    return self;
}

void gst_convnext_painter_free(GstConvnextPainter *self)
{
    if (!self)
        return;
    g_clear_pointer(&self->legend, gst_convnext_legend_unref);
    g_free(self->colours);
    g_free(self->row);
    g_free(self);
}

/* Colours */

/* rgb: 0..1; becomes Y in 0..1, Cb and Cr in -0.5..0.5. */
static void convert_to_yuv(double rgb[3], GstVideoColorMatrix matrix)
{
    double kr, kb;

    if (!gst_video_color_matrix_get_Kr_Kb(matrix, &kr, &kb))
        gst_video_color_matrix_get_Kr_Kb(GST_VIDEO_COLOR_MATRIX_BT601, &kr, &kb);
    const double y = kr * rgb[0] + (1 - kr - kb) * rgb[1] + kb * rgb[2];
    const double cb = (rgb[2] - y) / (2 * (1 - kb)), cr = (rgb[0] - y) / (2 * (1 - kr));

    rgb[0] = y;
    rgb[1] = cb;
    rgb[2] = cr;
}

static Colour make_colour(const GstConvnextPainter *self, guint rgb)
{
    const GstVideoColorimetry *colorimetry = &GST_VIDEO_INFO_COLORIMETRY(&self->info);
    double values[] = {(rgb >> 16) / 255., (rgb >> 8 & 0xff) / 255., (rgb & 0xff) / 255.};
    int offset[GST_VIDEO_MAX_COMPONENTS], scale[GST_VIDEO_MAX_COMPONENTS];
    Colour colour;

    if (!GST_VIDEO_FORMAT_INFO_IS_RGB(self->unpacked))
        convert_to_yuv(values, colorimetry->matrix);
    gst_video_color_range_offsets(colorimetry->range, self->unpacked, offset, scale);
    for (guint i = 0; i < 3; i++) {
        const double most = self->is_wide ? G_MAXUINT16 : G_MAXUINT8;

        colour.component[i] = (guint16)CLAMP(round(offset[i] + scale[i] * values[i]), 0, most);
    }
    return colour;
}

static void set_legend(GstConvnextPainter *self, GstConvnextLegend *legend)
{
    const guint n = gst_convnext_legend_get_n_classes(legend);

    if (legend == self->legend)
        return;
    g_clear_pointer(&self->legend, gst_convnext_legend_unref);
    self->legend = gst_convnext_legend_ref(legend);
    self->colours = g_renew(Colour, self->colours, n);
    for (guint i = 0; i < n; i++)
        self->colours[i] = make_colour(self, gst_convnext_legend_get_colour(legend, i));
}

/* Rows */

static void blend_narrow(guint8 *pixels, int n, const Colour *colour)
{
    for (int i = 0; i < n; i++)
        for (guint j = 0; j < 3; j++)
            pixels[4 * i + 1 + (int)j] =
                (guint8)((pixels[4 * i + 1 + (int)j] + colour->component[j] + 1) / 2);
}

static void blend_wide(guint16 *pixels, int n, const Colour *colour)
{
    for (int i = 0; i < n; i++)
        for (guint j = 0; j < 3; j++)
            pixels[4 * i + 1 + (int)j] =
                (guint16)((pixels[4 * i + 1 + (int)j] + colour->component[j] + 1) / 2);
}

/* The pixel of the mask at the centre of pixel `at` of size, of n pixels of the mask. */
static guint mask_pixel(int at, int size, guint n)
{
    return (guint)(((guint64)at * 2 + 1) * n / ((guint64)size * 2));
}

/* The first pixel of size whose centre is in pixel `at` of n, or behind it. */
static int frame_pixel(guint at, int size, guint n)
{
    return (int)(((guint64)at * 2 * (guint64)size + n - 1) / (2 * (guint64)n));
}

/* Blends a row of the mask into the unpacked row. */
static void blend_row(GstConvnextPainter *self, const guint8 *mask, guint width, guint bits,
                      const GstConvnextRect *rect)
{
    for (guint column = 0, end; column < width; column = end) {
        const guint value = gst_convnext_mask_value(mask, column, bits);

        end = gst_convnext_mask_run_end(mask, column, width, bits);
        const int from = MAX(rect->x + frame_pixel(column, rect->w, width), 0);
        const int n =
            MIN(rect->x + frame_pixel(end, rect->w, width), GST_VIDEO_INFO_WIDTH(&self->info)) -
            from;
        if (value == 0 || n <= 0)
            continue;
        if (self->is_wide)
            blend_wide((guint16 *)self->row + (gsize)from * 4, n, &self->colours[value - 1]);
        else
            blend_narrow((guint8 *)self->row + (gsize)from * 4, n, &self->colours[value - 1]);
    }
}

static gboolean is_empty(const guint8 *mask, guint width, guint bits)
{
    return gst_convnext_mask_value(mask, 0, bits) == 0 &&
           gst_convnext_mask_run_end(mask, 0, width, bits) == width;
}

void gst_convnext_painter_paint(GstConvnextPainter *self, GstVideoFrame *frame,
                                GstConvnextSegmentation *segmentation, const GstConvnextRect *rect)
{
    const GstVideoFormatInfo *format = self->info.finfo;
    const GstVideoPackFlags flags =
        GST_VIDEO_FRAME_IS_INTERLACED(frame) ? GST_VIDEO_PACK_FLAG_INTERLACED : 0;
    const guint8 *mask = gst_convnext_segmentation_get_data(segmentation);
    const int end = (int)MIN((gint64)rect->y + rect->h, GST_VIDEO_FRAME_HEIGHT(frame));
    guint width, height, bits;

    g_return_if_fail(GST_VIDEO_FRAME_FORMAT(frame) == GST_VIDEO_INFO_FORMAT(&self->info) &&
                     GST_VIDEO_FRAME_WIDTH(frame) == GST_VIDEO_INFO_WIDTH(&self->info));

    set_legend(self, gst_convnext_segmentation_get_legend(segmentation));
    gst_convnext_segmentation_get_size(segmentation, &width, &height, &bits);
    for (int y = MAX(rect->y, 0); y < end; y++) {
        const guint8 *row =
            mask + (gsize)mask_pixel(y - rect->y, rect->h, height) * width * bits / 8;

        if (is_empty(row, width, bits))
            continue;
        format->unpack_func(format, flags, self->row, frame->data, frame->info.stride, 0, y,
                            GST_VIDEO_FRAME_WIDTH(frame));
        blend_row(self, row, width, bits, rect);
        format->pack_func(format, flags, self->row, 0, frame->data, frame->info.stride,
                          GST_VIDEO_INFO_CHROMA_SITE(&self->info), y, GST_VIDEO_FRAME_WIDTH(frame));
    }
}
