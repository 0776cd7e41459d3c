/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "simd/versions.h"

static void add_point(float *dst, const CnxRoiAlign *roi, const CnxRoiPoint *y,
                      const CnxRoiPoint *x)
{
    const size_t c = roi->c, above = (size_t)y->low * roi->w, below = (size_t)y->high * roi->w;

    for (size_t j = 0; j < c; j++) {
        const float *map = roi->map + j;

        dst[j] += y->low_weight * (x->low_weight * map[(above + x->low) * c] +
                                   x->high_weight * map[(above + x->high) * c]) +
                  y->high_weight * (x->low_weight * map[(below + x->low) * c] +
                                    x->high_weight * map[(below + x->high) * c]);
    }
}

static void align_bin(float *dst, const CnxRoiAlign *roi, const CnxRoiLine *lines, int p, int q)
{
    long long y_end, x_end;
    const double count = lines[0].n * lines[1].n;
    const long long y_first = cnx_roi_first(&lines[0], p, &y_end);
    const long long x_first = cnx_roi_first(&lines[1], q, &x_end);
    CnxRoiPoint y, x;

    memset(dst, 0, roi->c * sizeof *dst);
    for (long long i = y_first; i < y_end; i++) {
        for (long long k = x_first; k < x_end && cnx_roi_point(&lines[0], p, i, &y); k++) {
            if (cnx_roi_point(&lines[1], q, k, &x))
                add_point(dst, roi, &y, &x);
        }
    }
    for (int j = 0; j < roi->c && count > 0; j++)
        dst[j] = (float)(dst[j] / count);
}

void cnx_roialign_c(float *dst, const CnxRoiAlign *roi, const float box[4])
{
    const CnxRoiLine lines[] = {cnx_roi_line(roi, box[1], box[3], roi->h),
                                cnx_roi_line(roi, box[0], box[2], roi->w)};

    for (int p = 0; p < roi->side; p++) {
        for (int q = 0; q < roi->side; q++, dst += roi->c)
            align_bin(dst, roi, lines, p, q);
    }
}
