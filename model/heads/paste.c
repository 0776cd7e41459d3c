/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "model/heads/detector.h"

#define PADDING 1 /* zeros around a mask before it is resized */

/* The box of the padded mask in integers, which may lie outside the frame. */
typedef struct Target {
    gint64 x0, y0, x1, y1; /* x1 and y1 inclusive */
} Target;

/* Truncation toward zero, limited to what the arithmetic below bears. */
static gint64 truncate_float(float x)
{
    const float limit = 1e9f;

    return (gint64)CLAMP(x, -limit, limit);
}

static gboolean find_target(guint side, const float box[4], Target *target)
{
    const float scale = (float)((double)(side + 2 * PADDING) / side);
    const float half_width = (box[2] - box[0]) * 0.5f * scale, x = (box[2] + box[0]) * 0.5f;
    const float half_height = (box[3] - box[1]) * 0.5f * scale, y = (box[3] + box[1]) * 0.5f;

    if (!isfinite(half_width) || !isfinite(half_height) || !isfinite(x) || !isfinite(y))
        return FALSE;
    *target = (Target){truncate_float(x - half_width), truncate_float(y - half_height),
                       truncate_float(x + half_width), truncate_float(y + half_height)};
    return TRUE;
}

/* Two neighbours in the padded mask and the weight of the second, for pixel d of `out`. */
typedef struct Sample {
    guint i0, i1;
    float weight;
} Sample;

static Sample sample_at(gint64 d, gint64 out, guint in)
{
    const float scale = (float)in / (float)out;
    const float s = MAX(0.0f, ((float)d + 0.5f) * scale - 0.5f);
    const guint i0 = MIN((guint)s, in - 1);

    return (Sample){i0, MIN(i0 + 1, in - 1), s - (float)i0};
}

/* Of the padded mask. */
static float value_at(const float *mask, guint side, guint x, guint y)
{
    const guint mx = x - PADDING, my = y - PADDING;

    return mx < side && my < side ? mask[my * side + mx] : 0;
}

/* The value between four pixels of the padded mask. */
static float interpolate(const float *mask, guint side, Sample h, Sample v)
{
    const float top = (1 - h.weight) * value_at(mask, side, h.i0, v.i0) +
                      h.weight * value_at(mask, side, h.i1, v.i0);
    const float bottom = (1 - h.weight) * value_at(mask, side, h.i0, v.i1) +
                         h.weight * value_at(mask, side, h.i1, v.i1);

    return (1 - v.weight) * top + v.weight * bottom;
}

/* mmdetection: grid_sample() of the mask at the centre of pixel i of the frame, in a box that
 * covers from..to there. Outside the mask it reads the zeros of the padding. */
static Sample sample_centre(guint i, float from, float to, guint side)
{
    const float place = ((float)i + 0.5f - from) / (to - from) * 2 - 1;
    const float at = ((isinf(place) ? 0 : place) + 1) * (float)side / 2 - 0.5f;

    if (!(at > -PADDING && at < (float)side))
        return (Sample){0, 0, 0};
    const float low = floorf(at);
    return (Sample){(guint)(low + PADDING), (guint)(low + PADDING + 1), at - low};
}

CnxPaste cnx_detector_paste_area(CnxPasting pasting, guint side, const float box[4],
                                 guint frame_width, guint frame_height)
{
    Target t;

    if (!find_target(side, box, &t))
        return (CnxPaste){0, 0, 0, 0};
    if (pasting == CNX_PASTING_MM)
        t = (Target){truncate_float(floorf(box[0])) - 1, truncate_float(floorf(box[1])) - 1,
                     truncate_float(ceilf(box[2])), truncate_float(ceilf(box[3]))};
    const gint64 x0 = CLAMP(t.x0, 0, frame_width), x1 = CLAMP(t.x1 + 1, x0, frame_width);
    const gint64 y0 = CLAMP(t.y0, 0, frame_height), y1 = CLAMP(t.y1 + 1, y0, frame_height);
    return (CnxPaste){(guint)x0, (guint)y0, (guint)x1, (guint)y1};
}

void cnx_detector_paste(CnxPasting pasting, const float *mask, guint side, const float box[4],
                        guint frame_width, guint frame_height, float *dst, gsize stride)
{
    const CnxPaste area = cnx_detector_paste_area(pasting, side, box, frame_width, frame_height);
    Target t;

    if (!find_target(side, box, &t))
        return;
    const gint64 width = MAX(t.x1 - t.x0 + 1, 1), height = MAX(t.y1 - t.y0 + 1, 1);
    const gboolean is_mm = pasting == CNX_PASTING_MM;
    for (guint y = area.y0; y < area.y1; y++, dst += stride) {
        const Sample v = is_mm ? sample_centre(y, box[1], box[3], side)
                               : sample_at(y - t.y0, height, side + 2 * PADDING);

        for (guint x = area.x0; x < area.x1; x++) {
            const Sample h = is_mm ? sample_centre(x, box[0], box[2], side)
                                   : sample_at(x - t.x0, width, side + 2 * PADDING);

            dst[x - area.x0] = interpolate(mask, side, h, v);
        }
    }
}
