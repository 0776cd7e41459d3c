/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/heads/anchors.h"

#include <math.h>

/* rintf rounds half to even, as torch.round does, in the default rounding mode. */
static CnxBox centred_box(float width, float height, gboolean rounded)
{
    const float x = rounded ? rintf(width / 2) : width / 2;
    const float y = rounded ? rintf(height / 2) : height / 2;

    return (CnxBox){-x, -y, x, y};
}

void cnx_anchors_cell(CnxBox *anchors, const float *sizes, guint size_count, const float *ratios,
                      guint ratio_count, gboolean rounded)
{
    for (guint r = 0; r < ratio_count; r++) {
        const float h = sqrtf(ratios[r]), w = 1 / h;

        for (guint s = 0; s < size_count; s++)
            *anchors++ = centred_box(w * sizes[s], h * sizes[s], rounded);
    }
}

CnxBox cnx_anchors_at(const CnxBox *cell, guint count, guint index, guint width, guint stride_x,
                      guint stride_y)
{
    const CnxBox anchor = cell[index % count];
    const guint pixel = index / count;
    const float x = (float)(pixel % width * stride_x), y = (float)(pixel / width * stride_y);

    return (CnxBox){anchor.x0 + x, anchor.y0 + y, anchor.x1 + x, anchor.y1 + y};
}
