/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/preprocess/thumbnail.h"

#include <math.h>

#include "simd/kernels.h"

#define SIDE CNX_THUMBNAIL_SIDE
#define ROWS_MAX 32   /* rows read per cell; more add no information */
#define PATTERN 3072u /* bytes of a mask, a multiple of every pixel size */

/* The size of a pixel in the first plane, and which of its bytes carry brightness */
static const struct {
    guint8 size, mask[8];
} brightness[] = {
    [CNX_PIXELS_RGB] = {3, {255, 255, 255}},
    [CNX_PIXELS_BGR] = {3, {255, 255, 255}},
    [CNX_PIXELS_RGBX] = {4, {255, 255, 255, 0}},
    [CNX_PIXELS_BGRX] = {4, {255, 255, 255, 0}},
    [CNX_PIXELS_XRGB] = {4, {0, 255, 255, 255}},
    [CNX_PIXELS_XBGR] = {4, {0, 255, 255, 255}},
    [CNX_PIXELS_GRAY] = {1, {255}},
#if G_BYTE_ORDER == G_LITTLE_ENDIAN
    [CNX_PIXELS_XRGB64] = {8, {0, 0, 0, 255, 0, 255, 0, 255}}, /* the upper bytes */
#else
    [CNX_PIXELS_XRGB64] = {8, {0, 0, 255, 0, 255, 0, 255, 0}},
#endif
    [CNX_PIXELS_I420] = {1, {255}},
    [CNX_PIXELS_YV12] = {1, {255}},
    [CNX_PIXELS_NV12] = {1, {255}},
    [CNX_PIXELS_NV21] = {1, {255}},
    [CNX_PIXELS_YUY2] = {2, {255, 0}},
    [CNX_PIXELS_UYVY] = {2, {0, 255}},
    [CNX_PIXELS_I420_16] = {2, {0, 255}}, /* lower bytes are added in sum_cell() */
    [CNX_PIXELS_I422_16] = {2, {0, 255}},
    [CNX_PIXELS_NV12_16] = {2, {0, 255}},
};

typedef struct Reader {
    const CnxKernels *kernels;
    const guint8 *plane;
    gssize stride;
    guint size;               /* bytes of a pixel */
    guint counted;            /* bytes of a pixel that carry brightness */
    double span;              /* from black to white */
    double black;             /* relative to span */
    gboolean has_lower_bytes; /* samples of 16 bits in their lower bits */
    const CnxColours *colours;
    guint8 mask[PATTERN + 1];
} Reader;

static void make_mask(Reader *reader, const CnxImageInfo *info)
{
    const CnxPixels pixels = info->pixels;
    const gboolean is_limited = pixels >= CNX_PIXELS_I420 && !info->full_range;

    reader->span = is_limited ? 219 : 255;
    reader->black = is_limited ? 16 / reader->span : 0;
    reader->has_lower_bytes = pixels == CNX_PIXELS_I420_16 || pixels == CNX_PIXELS_I422_16;
    if (reader->has_lower_bytes)
        reader->span *= 1 << (info->depth - 8);
    reader->colours = info->colours && info->colours->has_tone ? info->colours : NULL;
    reader->size = brightness[pixels].size;
    reader->counted = 0;
    for (guint i = 0; i < reader->size; i++)
        reader->counted += brightness[pixels].mask[i] != 0;
    for (guint i = 0; i <= PATTERN; i++)
        reader->mask[i] = brightness[pixels].mask[i % reader->size];
}

/* The sum of the bytes that the mask selects, in rows of cell that are step apart. */
static double sum_bytes(const Reader *reader, const guint8 *cell, guint bytes, guint step,
                        guint rows, const guint8 *mask)
{
    double sum = 0;

    for (guint i = 0; i < bytes; i += PATTERN) {
        gint32 part;

        reader->kernels->bytesum(&part, cell + i, (int)(reader->stride * (gssize)step), mask, 0,
                                 (int)MIN(PATTERN, bytes - i), (int)rows);
        sum += part;
    }
    return sum;
}

static double sum_cell(const Reader *reader, const guint8 *cell, guint bytes, guint step,
                       guint rows)
{
    const double sum = sum_bytes(reader, cell, bytes, step, rows, reader->mask);

    if (!reader->has_lower_bytes)
        return sum;
    return 256 * sum + sum_bytes(reader, cell, bytes, step, rows, reader->mask + 1);
}

/* The mean of pixels x0..x1-1 in evenly spaced rows of y0..y1-1; 0 for an empty cell. */
static float cell_mean(const Reader *reader, guint x0, guint x1, guint y0, guint y1)
{
    if (x0 >= x1 || y0 >= y1)
        return 0;
    const guint step = (y1 - y0 + ROWS_MAX - 1) / ROWS_MAX, rows = (y1 - y0 + step - 1) / step;
    const guint8 *cell = reader->plane + (gssize)y0 * reader->stride + (gsize)x0 * reader->size;
    const double mean = sum_cell(reader, cell, (x1 - x0) * reader->size, step, rows) /
                        (reader->span * reader->counted * rows * (x1 - x0));

    return (float)(reader->colours ? cnx_colours_tone(reader->colours, mean - reader->black)
                                   : mean);
}

void cnx_thumbnail_make(CnxThumbnail *thumbnail, CnxIsa level, const CnxImageInfo *info,
                        const CnxImage *image)
{
    Reader reader = {
        .kernels = cnx_kernels_get(level), .plane = image->plane[0], .stride = image->stride[0]};

    make_mask(&reader, info);
    for (guint i = 0; i < SIDE; i++)
        for (guint j = 0; j < SIDE; j++)
            thumbnail->cell[i][j] =
                cell_mean(&reader, info->x + (guint)((guint64)info->w * j / SIDE),
                          info->x + (guint)((guint64)info->w * (j + 1) / SIDE),
                          info->y + (guint)((guint64)info->h * i / SIDE),
                          info->y + (guint)((guint64)info->h * (i + 1) / SIDE));
}

double cnx_thumbnail_distance(const CnxThumbnail *a, const CnxThumbnail *b)
{
    float distance = 0;

    for (guint i = 0; i < SIDE; i++)
        for (guint j = 0; j < SIDE; j++)
            distance = fmaxf(distance, fabsf(a->cell[i][j] - b->cell[i][j]));
    return distance;
}
