/* RoIAlign over the levels of a pyramid. He et al. 2017.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include "model/heads/detector_network.h"

CnxPooling cnx_pooling_new(const CnxDetectorRun *run, guint side)
{
    const CnxDetectorConfig *config = &run->detector->config;
    const guint last = config->roi_first + config->roi_count - 1;
    CnxPooling pooling = {.run = run, .side = side};
    int powers[CNX_DETECTOR_LEVELS];

    /* torchvision infers the scale from the heights, as a power of two. */
    for (guint i = config->roi_first; i <= last; i++) {
        const double scale = (double)run->level[i].height / run->image_height;

        powers[i] = (int)rintf(log2f((float)scale));
        pooling.scales[i] = ldexpf(1, powers[i]);
    }
    pooling.first = -powers[config->roi_first];
    pooling.last = -powers[last];
    return pooling;
}

/* The position of a sample on one axis: two neighbours and the weight of the second. FALSE if it is
 * outside the map. */
typedef struct Tap {
    guint low, high;
    float weight;
    gboolean inside;
} Tap;

static Tap tap_at(float x, guint size)
{
    const gboolean inside = x >= -1 && x <= (float)size;

    if (!inside)
        return (Tap){0, 0, 0, FALSE};
    x = MAX(x, 0);
    if ((guint)x >= size - 1)
        return (Tap){size - 1, size - 1, 0, TRUE};
    return (Tap){(guint)x, (guint)x + 1, x - (float)(guint)x, TRUE};
}

/* dst[k] += weight times the map's value between four pixels. */
static void add_sample(float *dst, const CnxDetectorLevel *level, gsize c, Tap y, Tap x)
{
    const float *top = level->map + (gsize)y.low * level->width * c;
    const float *bottom = level->map + (gsize)y.high * level->width * c;
    const float w11 = y.weight * x.weight, w10 = y.weight - w11, w01 = x.weight - w11;
    const float w00 = 1 - y.weight - w01;

    for (gsize k = 0; k < c; k++)
        dst[k] += w00 * top[x.low * c + k] + w01 * top[x.high * c + k] +
                  w10 * bottom[x.low * c + k] + w11 * bottom[x.high * c + k];
}

void cnx_pooling_run(const CnxPooling *pooling, CnxBox box, float *dst)
{
    const CnxDetectorRun *run = pooling->run;
    const CnxDetectorConfig *config = &run->detector->config;
    const gsize c = run->detector->weights.inner[0].n;
    const guint index = config->roi_count > 1
                            ? config->roi_first + cnx_box_level(box, pooling->first, pooling->last)
                            : config->roi_first;
    const CnxDetectorLevel *level = &run->level[index];
    const float scale = pooling->scales[index];
    const float x0 = box.x0 * scale, y0 = box.y0 * scale;
    const float width = MAX(box.x1 * scale - x0, 1.0f), height = MAX(box.y1 * scale - y0, 1.0f);
    const float bin_w = width / (float)pooling->side, bin_h = height / (float)pooling->side;
    const guint nx = config->sampling > 0 ? config->sampling : (guint)ceilf(bin_w);
    const guint ny = config->sampling > 0 ? config->sampling : (guint)ceilf(bin_h);

    for (guint i = 0; i < pooling->side * pooling->side; i++, dst += c) {
        const float bin_x = x0 + (float)(i % pooling->side) * bin_w;
        const float bin_y = y0 + (float)(i / pooling->side) * bin_h;

        memset(dst, 0, c * sizeof *dst);
        for (guint s = 0; s < nx * ny; s++) {
            const Tap x =
                tap_at(bin_x + ((float)(s % nx) + 0.5f) * bin_w / (float)nx, level->width);
            const Tap y =
                tap_at(bin_y + ((float)(s / nx) + 0.5f) * bin_h / (float)ny, level->height);

            if (x.inside && y.inside)
                add_sample(dst, level, c, y, x);
        }
        for (gsize k = 0; k < c; k++)
            dst[k] /= (float)(nx * ny);
    }
}
