/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/preprocess/samples.h"

#include <math.h>
#include <string.h>

CnxTurn cnx_samples_turn(CnxOrientation orientation)
{
    static const CnxTurn turns[] = {
        [CNX_ORIENTATION_IDENTITY] = {FALSE, FALSE, FALSE},
        [CNX_ORIENTATION_90R] = {FALSE, TRUE, TRUE},
        [CNX_ORIENTATION_180] = {TRUE, TRUE, FALSE},
        [CNX_ORIENTATION_90L] = {TRUE, FALSE, TRUE},
        [CNX_ORIENTATION_HORIZ] = {TRUE, FALSE, FALSE},
        [CNX_ORIENTATION_VERT] = {FALSE, TRUE, FALSE},
        [CNX_ORIENTATION_UL_LR] = {FALSE, FALSE, TRUE},
        [CNX_ORIENTATION_UR_LL] = {TRUE, TRUE, TRUE},
    };

    return turns[orientation];
}

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
    case CNX_PIXELS_I420_16:
    case CNX_PIXELS_I422_16:
        row.y = luma + 2 * (gsize)x;
        row.u = cnx_samples_row(image, 1, pixels == CNX_PIXELS_I420_16 ? y / 2 : y) + 2 * pair;
        row.v = cnx_samples_row(image, 2, pixels == CNX_PIXELS_I420_16 ? y / 2 : y) + 2 * pair;
        break;
    case CNX_PIXELS_NV12_16:
        row.layout = CNX_YUV_UV;
        row.y = luma + 2 * (gsize)x;
        row.u = cnx_samples_row(image, 1, y / 2) + 4 * pair;
        row.v = row.u + 2;
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

gboolean cnx_samples_are_wide(CnxPixels pixels)
{
    return pixels >= CNX_PIXELS_I420_16;
}

int cnx_samples_shift(const CnxImageInfo *info)
{
    return info->pixels == CNX_PIXELS_NV12_16 ? 0 : 16 - (int)info->depth;
}

CnxYuvFactors cnx_samples_yuv_factors(const CnxImageInfo *info)
{
    static const double weights[][2] = {
        /* of red and blue in luma */
        [CNX_MATRIX_BT601] = {0.299, 0.114},
        [CNX_MATRIX_BT709] = {0.2126, 0.0722},
        [CNX_MATRIX_BT2020] = {0.2627, 0.0593},
    };
    const gboolean is_wide = cnx_samples_are_wide(info->pixels), full_range = info->full_range;
    /* the greatest sample, in 256ths of a byte's levels */
    const double greatest = is_wide ? 65536 - (1 << (16 - info->depth)) : 255 * 256;
    const double full = 255 * 256 / greatest;
    const double red = weights[info->matrix][0], blue = weights[info->matrix][1];
    const double green = 1 - red - blue;
    const double luma = (full_range ? full : 255.0 / 219) * (1 << CNX_YUV_LUMA_BITS);
    const double chroma = (full_range ? full : 255.0 / 224) * (1 << CNX_YUV_CHROMA_BITS);
    const double black = full_range ? 0 : 16 * 255.0 / 219;
    const double half = is_wide ? 0.5 / (1 << CNX_YUV16_BITS) : 0.5; /* of what is kept */

    return (CnxYuvFactors){
        .luma = (gint16)lrint(luma),
        .r_v = (gint16)lrint(chroma * 2 * (1 - red)),
        .g_u = (gint16)lrint(-chroma * 2 * (1 - blue) * blue / green),
        .g_v = (gint16)lrint(-chroma * 2 * (1 - red) * red / green),
        .b_u = (gint16)lrint(chroma * 2 * (1 - blue)),
        .bias = (gint16)lrint((half - black) * (1 << CNX_YUV_BITS)),
    };
}

void cnx_samples_unpack_xrgb64(guint16 *codes, const guint8 *src, guint n)
{
    for (guint i = 0; i < n; i++, src += 8) {
        guint16 samples[4];

        memcpy(samples, src, sizeof samples);
        for (gsize c = 0; c < 3; c++) /* 65535 becomes 255 << CNX_YUV16_BITS */
            codes[c * n + i] = (guint16)((samples[1 + c] * 255u + 2048) >> (16 - CNX_YUV16_BITS));
    }
}

void cnx_samples_widen(guint16 *codes, const guint8 *rgb, gsize channel, gsize pixel, guint n)
{
    for (guint i = 0; i < n; i++, rgb += pixel)
        for (gsize c = 0; c < 3; c++)
            codes[c * n + i] = (guint16)(rgb[c * channel] << CNX_YUV16_BITS);
}

void cnx_samples_make_grey(guint8 *rgb, gsize channel, gsize pixel, guint n)
{
    for (guint8 *end = rgb + pixel * n; rgb < end; rgb += pixel)
        rgb[0] = rgb[channel] = rgb[2 * channel] =
            (guint8)((rgb[0] * 19595u + rgb[channel] * 38470u + rgb[2 * channel] * 7471u +
                      0x8000) >>
                     16);
}
