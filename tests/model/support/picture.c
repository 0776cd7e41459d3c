/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/model/support/picture.h"

#include <math.h>
#include <string.h>

static guint32 hash(guint32 x, guint32 y, guint32 c, guint32 seed)
{
    guint32 h = x * 0x9E3779B1u ^ y * 0x85EBCA77u ^ c * 0xC2B2AE3Du ^ seed;

    h = (h ^ h >> 15) * 0x2C1B3C6Du;
    h = (h ^ h >> 12) * 0x297A2D39u;
    return h ^ h >> 15;
}

/* A triangle wave: from 0 up to period and back. */
static guint32 triangle_wave(guint32 t, guint32 period)
{
    t %= 2 * period;
    return t < period ? t : 2 * period - t;
}

guint8 *picture_draw(guint width, guint height, guint32 seed)
{
    guint8 *rgb = g_malloc_n((gsize)width * height, 3);
    guint8 *p = rgb;

    for (guint32 y = 0; y < height; y++) {
        for (guint32 x = 0; x < width; x++) {
            for (guint32 c = 0; c < 3; c++) {
                guint32 v = triangle_wave(x * (3 + c) + y * 2, 61 + 19 * c);

                v += triangle_wave(y * 5 + x, 83) * (c + 1) / 3;
                v += (x / 23 + y / 17) % 2 * 48;
                v += hash(x, y, c, seed) % 40;
                if (x / 41 % 7 == 3)
                    v = y / (3 + 4 * c) % 2 * 255;
                *p++ = (guint8)MIN(v, 255);
            }
        }
    }
    return rgb;
}

PictureFrame picture_pack(const guint8 *rgb, guint width, guint height, CnxPixels pixels, guint gap)
{
    static const struct {
        guint bytes;
        guint offset[3]; /* of R, G and B in a pixel */
    } formats[] = {
        [CNX_PIXELS_RGB] = {3, {0, 1, 2}},  [CNX_PIXELS_BGR] = {3, {2, 1, 0}},
        [CNX_PIXELS_RGBX] = {4, {0, 1, 2}}, [CNX_PIXELS_BGRX] = {4, {2, 1, 0}},
        [CNX_PIXELS_XRGB] = {4, {1, 2, 3}}, [CNX_PIXELS_XBGR] = {4, {3, 2, 1}},
        [CNX_PIXELS_GRAY] = {1, {0, 0, 0}},
    };
    const guint bytes = formats[pixels].bytes;
    const gsize stride = (gsize)width * bytes + gap;
    PictureFrame frame = {.size = stride * height};

    frame.memory = g_malloc(frame.size);
    memset(frame.memory, 0x5A, frame.size); /* the gaps, and X */
    frame.image.plane[0] = frame.memory;
    frame.image.stride[0] = (gssize)stride;
    for (guint y = 0; y < height; y++) {
        for (guint x = 0; x < width; x++) {
            guint8 *to = frame.memory + y * stride + (gsize)x * bytes;
            const guint8 *from = rgb + 3 * ((gsize)y * width + x);

            for (int c = 0; c < 3 && bytes > 1; c++)
                to[formats[pixels].offset[c]] = from[c];
            if (bytes == 1)
                *to = from[1];
        }
    }
    return frame;
}

/* The weights of R, G and B in luma. */
static void luma_weights(double k[3], CnxMatrix matrix)
{
    k[0] = matrix == CNX_MATRIX_BT601 ? 0.299 : matrix == CNX_MATRIX_BT709 ? 0.2126 : 0.2627;
    k[2] = matrix == CNX_MATRIX_BT601 ? 0.114 : matrix == CNX_MATRIX_BT709 ? 0.0722 : 0.0593;
    k[1] = 1 - k[0] - k[2];
}

static guint8 to_byte(double value)
{
    return (guint8)CLAMP(floor(value + 0.5), 0, 255);
}

/* The location of a pixel's samples */
typedef struct Samples {
    gsize y, u, v; /* offsets in their planes */
    int u_plane, v_plane;
} Samples;

static Samples samples_of(const CnxImage *image, CnxPixels pixels, guint x, guint y)
{
    const gsize row0 = y * (gsize)image->stride[0], row1 = y / 2 * (gsize)image->stride[1];
    const gsize row2 = y / 2 * (gsize)image->stride[2];
    const gsize packed = row0 + x / 2 * 4;

    switch (pixels) {
    case CNX_PIXELS_I420:
        return (Samples){row0 + x, row1 + x / 2, row2 + x / 2, 1, 2};
    case CNX_PIXELS_YV12:
        return (Samples){row0 + x, row2 + x / 2, row1 + x / 2, 2, 1};
    case CNX_PIXELS_NV12:
        return (Samples){row0 + x, row1 + x / 2 * 2, row1 + x / 2 * 2 + 1, 1, 1};
    case CNX_PIXELS_NV21:
        return (Samples){row0 + x, row1 + x / 2 * 2 + 1, row1 + x / 2 * 2, 1, 1};
    case CNX_PIXELS_YUY2:
        return (Samples){packed + x % 2 * 2, packed + 1, packed + 3, 0, 0};
    default: /* UYVY */
        return (Samples){packed + x % 2 * 2 + 1, packed, packed + 2, 0, 0};
    }
}

/* Allocates a frame with consecutive planes. */
static PictureFrame new_yuv(const CnxImageInfo *info, guint gap)
{
    const gsize halved = (info->width + 1) / 2, rows = (info->height + 1) / 2;
    gsize bytes[3] = {info->width, halved, halved}, lines[3] = {info->height, rows, rows};
    PictureFrame frame = {0};
    gsize offset = 0;

    if (info->pixels == CNX_PIXELS_NV12 || info->pixels == CNX_PIXELS_NV21) {
        bytes[1] = 2 * halved;
        lines[2] = 0;
    } else if (info->pixels == CNX_PIXELS_YUY2 || info->pixels == CNX_PIXELS_UYVY) {
        bytes[0] = 4 * halved;
        lines[1] = lines[2] = 0;
    }
    for (int i = 0; i < 3; i++)
        frame.size += (bytes[i] + gap) * lines[i];
    frame.memory = g_malloc(frame.size);
    memset(frame.memory, 0x5A, frame.size);
    for (int i = 0; i < 3 && lines[i]; i++) {
        frame.image.plane[i] = frame.memory + offset;
        frame.image.stride[i] = (gssize)(bytes[i] + gap);
        offset += (bytes[i] + gap) * lines[i];
    }
    return frame;
}

/* Converts a pixel to Y, U and V, scaled to the range. */
static void encode_pixel(double yuv[3], const guint8 *rgb, const CnxImageInfo *info)
{
    const double y_scale = info->full_range ? 1 : 219.0 / 255;
    const double c_scale = info->full_range ? 1 : 224.0 / 255;
    double k[3], luma;

    luma_weights(k, info->matrix);
    luma = k[0] * rgb[0] + k[1] * rgb[1] + k[2] * rgb[2];
    yuv[0] = luma * y_scale + (info->full_range ? 0 : 16);
    yuv[1] = (rgb[2] - luma) / (2 * (1 - k[2])) * c_scale + 128;
    yuv[2] = (rgb[0] - luma) / (2 * (1 - k[0])) * c_scale + 128;
}

PictureFrame picture_to_yuv(const guint8 *rgb, const CnxImageInfo *info, guint gap)
{
    PictureFrame frame = new_yuv(info, gap);
    const guint both = info->pixels < CNX_PIXELS_YUY2; /* chroma is halved in height too */

    for (guint y = 0; y < info->height; y++) {
        for (guint x = 0; x < info->width; x++) {
            const Samples s = samples_of(&frame.image, info->pixels, x, y);
            double yuv[3], sum[3] = {0};
            int n = 0;

            encode_pixel(yuv, rgb + 3 * ((gsize)y * info->width + x), info);
            ((guint8 *)frame.image.plane[0])[s.y] = to_byte(yuv[0]);
            if (x % 2 || (both && y % 2))
                continue;
            for (guint j = y; j < MIN(y + 1 + both, info->height); j++) {
                for (guint i = x; i < MIN(x + 2, info->width); i++, n++) {
                    encode_pixel(yuv, rgb + 3 * ((gsize)j * info->width + i), info);
                    sum[1] += yuv[1];
                    sum[2] += yuv[2];
                }
            }
            ((guint8 *)frame.image.plane[s.u_plane])[s.u] = to_byte(sum[1] / n);
            ((guint8 *)frame.image.plane[s.v_plane])[s.v] = to_byte(sum[2] / n);
        }
    }
    return frame;
}

void picture_frame_clear(PictureFrame *frame)
{
    g_free(frame->memory);
    *frame = (PictureFrame){0};
}

guint8 *picture_from_yuv(const CnxImage *image, const CnxImageInfo *info)
{
    const double y_scale = info->full_range ? 1 : 255.0 / 219;
    const double c_scale = info->full_range ? 1 : 255.0 / 224;
    guint8 *rgb = g_malloc_n((gsize)info->width * info->height, 3);
    guint8 *p = rgb;
    double k[3];

    luma_weights(k, info->matrix);
    for (guint y = 0; y < info->height; y++) {
        for (guint x = 0; x < info->width; x++, p += 3) {
            const Samples s = samples_of(image, info->pixels, x, y);
            const double luma = (image->plane[0][s.y] - (info->full_range ? 0 : 16)) * y_scale;
            const double u = (image->plane[s.u_plane][s.u] - 128) * c_scale;
            const double v = (image->plane[s.v_plane][s.v] - 128) * c_scale;
            const double r = luma + 2 * (1 - k[0]) * v, b = luma + 2 * (1 - k[2]) * u;

            p[0] = to_byte(r);
            p[1] = to_byte((luma - k[0] * r - k[2] * b) / k[1]);
            p[2] = to_byte(b);
        }
    }
    return rgb;
}
