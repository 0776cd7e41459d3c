/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/overlay/colour.h"

#include <math.h>
#include <string.h>

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

GstConvnextColour gst_convnext_colour_new(const GstVideoInfo *info,
                                          const GstVideoFormatInfo *unpacked, guint rgb)
{
    const GstVideoColorimetry *colorimetry = &GST_VIDEO_INFO_COLORIMETRY(info);
    const double most = GST_VIDEO_FORMAT_INFO_DEPTH(unpacked, 0) > 8 ? G_MAXUINT16 : G_MAXUINT8;
    double values[] = {(rgb >> 16) / 255., (rgb >> 8 & 0xff) / 255., (rgb & 0xff) / 255.};
    int offset[GST_VIDEO_MAX_COMPONENTS], scale[GST_VIDEO_MAX_COMPONENTS];
    GstConvnextColour colour;

    if (!GST_VIDEO_FORMAT_INFO_IS_RGB(unpacked))
        convert_to_yuv(values, colorimetry->matrix);
    gst_video_color_range_offsets(colorimetry->range, unpacked, offset, scale);
    for (guint i = 0; i < 3; i++)
        colour.component[i] = (guint16)CLAMP(round(offset[i] + scale[i] * values[i]), 0, most);
    return colour;
}

/* Inks */

#define HALVES 0x00800080u
#define WIDE_HALVES G_GUINT64_CONSTANT(0x0000008000000080)

GstConvnextInk gst_convnext_ink_new(const GstConvnextColour *colour, guint alpha)
{
    const guint16 *c = colour->component;
    const guint8 bytes[] = {0, (guint8)c[0], (guint8)c[1], (guint8)c[2]};
    const guint16 words[] = {0, c[0], c[1], c[2]};
    guint32 pixel;
    guint64 wide;

    memcpy(&pixel, bytes, sizeof(pixel));
    memcpy(&wide, words, sizeof(wide));
    return (GstConvnextInk){
        .keep = GST_CONVNEXT_OPAQUE - alpha,
        .even = (pixel & GST_CONVNEXT_LANES) * alpha + HALVES,
        .odd = (pixel >> 8 & GST_CONVNEXT_LANES) * alpha + HALVES,
        .wide_even = (wide & GST_CONVNEXT_WIDE_LANES) * alpha + WIDE_HALVES,
        .wide_odd = (wide >> 16 & GST_CONVNEXT_WIDE_LANES) * alpha + WIDE_HALVES,
    };
}

void gst_convnext_ink_blend(const GstConvnextInk *ink, guint32 *pixels, int n)
{
    const GstConvnextInk copy = *ink; /* which the pixels cannot overlap */

    for (int i = 0; i < n; i++)
        pixels[i] = gst_convnext_ink_mix(&copy, pixels[i]);
}

void gst_convnext_ink_blend_wide(const GstConvnextInk *ink, guint64 *pixels, int n)
{
    const GstConvnextInk copy = *ink;

    for (int i = 0; i < n; i++)
        pixels[i] = gst_convnext_ink_mix_wide(&copy, pixels[i]);
}
