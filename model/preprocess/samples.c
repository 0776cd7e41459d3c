/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/preprocess/samples.h"

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
