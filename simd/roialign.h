/* RoIAlign of one box, channels last, as torchvision.ops.roi_align computes it in float.
 *
 *   start = scale box - (aligned ? 0.5 : 0), size = end - start, at least 1 unless aligned
 *   bin = size / side, n = sampling, or ceil(bin) if that is 0
 *   dst[p][q][j] = 1 / (n_y n_x) sum over i < n_y, k < n_x of
 *                  map(start_y + p bin_y + (i + 0.5) bin_y / n_y, same for x)[j]
 *
 * where map(y, x) is bilinear between pixel centres at integers. From -1 to 0, and beyond the last
 * pixel up to the side of the map, it is that of the border; elsewhere outside it is 0. If n is 0
 * or negative, dst is 0. Any box is allowed: inverted, infinite, NaN, or of any size. Points of it
 * that are not a number count as 0, and points outside the map take no time.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <math.h>
#include <stdbool.h>

#define CNX_ROI_SAMPLING_MAX 64

typedef struct CnxRoiAlign {
    const float *map; /* [h, w, c], dense */
    int h, w, c;      /* each at least 1 */
    float scale;      /* of the map to the box's coordinates */
    int side;         /* of the result */
    int sampling;     /* 1 to CNX_ROI_SAMPLING_MAX, or 0: as many as the bins have pixels */
    bool aligned;
} CnxRoiAlign;

/* dst: [side, side, c], dense, does not overlap the map; box: x0, y0, x1, y1. Tolerance: that of
 * the points, whose coordinates are floats, and 4 n_y n_x + 2 rounding errors. */
typedef void CnxRoiAlignFn(float *dst, const CnxRoiAlign *roi, const float box[4]);

/* The points of a box in one direction. */
typedef struct CnxRoiLine {
    float start, bin;
    double n;   /* points of a bin, an integer, 0 or more */
    int pixels; /* of the map */
} CnxRoiLine;

/* A point between two pixels. */
typedef struct CnxRoiPoint {
    int low, high;
    float low_weight, high_weight;
} CnxRoiPoint;

static inline CnxRoiLine cnx_roi_line(const CnxRoiAlign *roi, float from, float to, int pixels)
{
    const float offset = roi->aligned ? 0.5f : 0;
    const float start = from * roi->scale - offset;
    float size = to * roi->scale - offset - start;
    CnxRoiLine line = {.start = start, .pixels = pixels};

    if (!roi->aligned && size < 1)
        size = 1;
    line.bin = size / (float)roi->side;
    line.n = roi->sampling > 0 ? roi->sampling : ceil((double)line.bin);
    if (!(line.n > 0 && line.n < 0x1p62))
        line.n = 0;
    return line;
}

static inline double cnx_roi_clamp(double x, double max)
{
    return x > 0 ? (x < max ? x : max) : 0;
}

/* The points first <= i < *end of bin p that may lie in the map. */
static inline long long cnx_roi_first(const CnxRoiLine *line, int p, long long *end)
{
    const double base = (double)line->start + (double)p * line->bin, step = line->bin / line->n;

    *end = (long long)line->n;
    if (line->n <= CNX_ROI_SAMPLING_MAX)
        return 0;
    *end = (long long)cnx_roi_clamp(ceil((line->pixels - base) / step) + 2, line->n);
    return (long long)cnx_roi_clamp(floor((-1 - base) / step) - 2, line->n);
}

/* FALSE if point i of bin p is outside the map. */
static inline bool cnx_roi_point(const CnxRoiLine *line, int p, long long i, CnxRoiPoint *point)
{
    float at = line->start + (float)p * line->bin + ((float)i + 0.5f) * line->bin / (float)line->n;

    if (!(at >= -1 && at <= (float)line->pixels))
        return false;
    at = at > 0 ? at : 0;
    point->low = (int)at;
    if (point->low >= line->pixels - 1) {
        point->low = point->high = line->pixels - 1;
        at = (float)point->low;
    } else {
        point->high = point->low + 1;
    }
    point->high_weight = at - (float)point->low;
    point->low_weight = 1 - point->high_weight;
    return true;
}
