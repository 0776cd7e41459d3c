/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/heads/boxes.h"

#include <math.h>

#define LOG_RATIO_MAX 4.135166556742356f /* ln(1000 / 16) */
#define CANONICAL_SIDE 224.0f            /* a box of this side is pooled from CANONICAL_LEVEL */
#define CANONICAL_LEVEL 4.0f
#define LEVEL_EPS 1e-6f
#define FINEST_SIDE 56.0f /* mmdetection: boxes of twice this side belong to level 1 */

/* NaN stays NaN. */
static float clamp_log(float x, gboolean both)
{
    if (both && x < -LOG_RATIO_MAX)
        return -LOG_RATIO_MAX;
    return x > LOG_RATIO_MAX ? LOG_RATIO_MAX : x;
}

CnxBox cnx_box_decode(CnxBox box, const float deltas[4], const float weights[4], gboolean both)
{
    const float width = box.x1 - box.x0, height = box.y1 - box.y0;
    const float x = deltas[0] / weights[0] * width + (box.x0 + 0.5f * width);
    const float y = deltas[1] / weights[1] * height + (box.y0 + 0.5f * height);
    const float half_width = 0.5f * (expf(clamp_log(deltas[2] / weights[2], both)) * width);
    const float half_height = 0.5f * (expf(clamp_log(deltas[3] / weights[3], both)) * height);

    return (CnxBox){x - half_width, y - half_height, x + half_width, y + half_height};
}

static float clip(float x, float most)
{
    return x < 0 ? 0 : x > most ? most : x;
}

CnxBox cnx_box_clip(CnxBox box, guint width, guint height)
{
    return (CnxBox){clip(box.x0, (float)width), clip(box.y0, (float)height),
                    clip(box.x1, (float)width), clip(box.y1, (float)height)};
}

gboolean cnx_box_is_valid(CnxBox box, float least)
{
    return isfinite(box.x0) && isfinite(box.y0) && isfinite(box.x1) && isfinite(box.y1) &&
           box.x1 - box.x0 >= least && box.y1 - box.y0 >= least;
}

float cnx_box_area(CnxBox box)
{
    return (box.x1 - box.x0) * (box.y1 - box.y0);
}

guint cnx_box_level(CnxBox box, int first, int last)
{
    const float side = sqrtf(cnx_box_area(box));
    const float level = floorf(CANONICAL_LEVEL + log2f(side / CANONICAL_SIDE) + LEVEL_EPS);

    if (!(level > (float)first)) /* also a box without an area, and NaN */
        return 0;
    return (guint)((level < (float)last ? (int)level : last) - first);
}

guint cnx_box_level_inside(CnxBox box, guint count)
{
    const float side = sqrtf(cnx_box_area(box));
    const float level = floorf(log2f(side / FINEST_SIDE + LEVEL_EPS));

    if (!(level > 0)) /* also NaN */
        return 0;
    return level < (float)count ? (guint)level : count - 1;
}
