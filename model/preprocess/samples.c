/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/preprocess/samples.h"

#include <math.h>

const guint8 *cnx_samples_row(const CnxImage *image, int plane, guint y)
{
    return image->plane[plane] + image->stride[plane] * (gssize)y;
}

CnxYuvRow cnx_samples_yuv(const CnxImage *image, CnxPixels pixels, guint x, guint y)
{
    const guint8 *luma = cnx_samples_row(image, 0, y);
    const gsize pair = x / 2;
    CnxYuvRow row = {.layout = CNX_YUV_PLANAR, .y = luma + x, .odd = x % 2};

    switch (pixels) {
    case CNX_PIXELS_I420:
    case CNX_PIXELS_YV12:
        row.u = cnx_samples_row(image, pixels == CNX_PIXELS_I420 ? 1 : 2, y / 2) + pair;
        row.v = cnx_samples_row(image, pixels == CNX_PIXELS_I420 ? 2 : 1, y / 2) + pair;
        break;
    case CNX_PIXELS_NV12:
    case CNX_PIXELS_NV21:
        row.layout = CNX_YUV_UV;
        row.u = cnx_samples_row(image, 1, y / 2) + 2 * pair + (pixels == CNX_PIXELS_NV21);
        row.v = cnx_samples_row(image, 1, y / 2) + 2 * pair + (pixels == CNX_PIXELS_NV12);
        break;
    case CNX_PIXELS_YUY2:
        row.layout = CNX_YUV_YUYV;
        row.y = luma + 2 * (gsize)x;
        row.u = luma + 4 * pair + 1;
        row.v = luma + 4 * pair + 3;
        break;
    default:
        row.layout = CNX_YUV_UYVY;
        row.y = luma + 2 * (gsize)x + 1;
        row.u = luma + 4 * pair;
        row.v = luma + 4 * pair + 2;
        break;
    }
    return row;
}

CnxYuvFactors cnx_samples_yuv_factors(CnxMatrix matrix, gboolean full_range)
{
    static const double weights[][2] = {
        /* of red and blue in luma */
        [CNX_MATRIX_BT601] = {0.299, 0.114},
        [CNX_MATRIX_BT709] = {0.2126, 0.0722},
        [CNX_MATRIX_BT2020] = {0.2627, 0.0593},
    };
    const double red = weights[matrix][0], blue = weights[matrix][1], green = 1 - red - blue;
    const double luma = (full_range ? 1 : 255.0 / 219) * (1 << CNX_YUV_LUMA_BITS);
    const double chroma = (full_range ? 1 : 255.0 / 224) * (1 << CNX_YUV_CHROMA_BITS);
    const double black = full_range ? 0 : 16 * 255.0 / 219;

    return (CnxYuvFactors){
        .luma = (gint16)lrint(luma),
        .r_v = (gint16)lrint(chroma * 2 * (1 - red)),
        .g_u = (gint16)lrint(-chroma * 2 * (1 - blue) * blue / green),
        .g_v = (gint16)lrint(-chroma * 2 * (1 - red) * red / green),
        .b_u = (gint16)lrint(chroma * 2 * (1 - blue)),
        .bias = (gint16)lrint((0.5 - black) * (1 << CNX_YUV_BITS)),
    };
}

void cnx_samples_make_grey(guint8 *row, guint n)
{
    for (guint8 *end = row + 4 * (gsize)n; row < end; row += 4)
        row[0] = row[1] = row[2] =
            (guint8)((row[0] * 19595u + row[1] * 38470u + row[2] * 7471u + 0x8000) >> 16);
}
