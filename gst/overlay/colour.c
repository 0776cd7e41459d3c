/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/overlay/colour.h"

#include <math.h>

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
