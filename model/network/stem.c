/* Each convolution of a stem is a matrix product of gathered patches.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/network/stem.h"

#include <string.h>

#include "model/network/linear.h"
#include "model/network/strips.h"

#define OVERLAP 3 /* kernel side of an overlapping stem; stride 2, padding 1 */

void cnx_stem_plan(CnxRun *run)
{
    const CnxConfig *config = run->config;
    const guint patch = config->patch;
    CnxStageSize *mid = &run->mid_size, *stem = &run->stem_size;

    if (config->stem == CNX_STEM_PATCH) {
        *stem = (CnxStageSize){run->height / patch, run->width / patch, config->dims[0]};
        return;
    }
    *mid = (CnxStageSize){run->height - run->height / 2, run->width - run->width / 2,
                          config->stem_width};
    *stem = (CnxStageSize){mid->h - mid->h / 2, mid->w - mid->w / 2, config->dims[0]};
}

static gboolean strip_floats(const CnxStageSize *out, gsize side, gsize channels, gsize *floats)
{
    const guint strips = cnx_strip_count(out, CNX_STRIP_PIXELS);
    gsize strip;

    return g_size_checked_mul(&strip, cnx_strip_rows(out, strips), out->w) &&
           g_size_checked_mul(floats, strip, side * side * channels);
}

gboolean cnx_stem_scratch(const CnxRun *run, gsize *floats)
{
    gsize first, second;

    if (run->config->stem == CNX_STEM_PATCH)
        return strip_floats(&run->stem_size, run->config->patch, 3, floats);
    if (!strip_floats(&run->mid_size, OVERLAP, 3, &first) ||
        !strip_floats(&run->stem_size, OVERLAP, run->mid_size.c, &second))
        return FALSE;
    *floats = MAX(first, second);
    return TRUE;
}

/* [in]: an image of the run, or the map between the convolutions of an overlapping stem. */
static const float *input_of(const CnxLayer *t, guint image)
{
    const gsize size = (gsize)t->in->h * t->in->w * t->in->c;

    return !t->x ? t->run->images[image] : t->x + image * size;
}

static void apply_norm(const CnxLayer *t, const CnxStrip *s)
{
    const CnxRun *run = t->run;
    const gsize c = t->out->c;
    float *y = t->y + s->pixel * c;

    if (t->norm)
        run->norm(y, c, y, c, (int)s->pixels, (int)c, t->norm->weight, t->norm->bias,
                  (float)run->config->eps);
}

/* Patches that do not overlap. Each row of a patch is contiguous in the input. */
static void patch_task(gpointer data, guint task, guint slot)
{
    const CnxLayer *t = data;
    const CnxStrip s = cnx_strip_of(t, task);
    const gsize line = (gsize)t->kernel * t->in->c, row = (gsize)t->in->w * t->in->c; /* floats */
    const float *image = input_of(t, s.image);
    float *patch = cnx_strip_scratch(t, slot); /* [pixels, kernel, kernel, c of in] */

    for (guint i = s.y0; i < s.y1; i++)
        for (guint j = 0; j < t->out->w; j++)
            for (guint k = 0; k < t->kernel; k++, patch += line)
                memcpy(patch, image + (gsize)(t->kernel * i + k) * row + j * line,
                       line * sizeof *patch);

    cnx_linear(t->run, t->linear,
               (CnxProduct){.m = s.pixels,
                            .a = cnx_strip_scratch(t, slot),
                            .c = t->y + s.pixel * t->out->c});
    apply_norm(t, &s);
}

/* The 3 pixels of a row around pixel 2 j; zeros outside the map. */
static void gather_row(float *dst, const float *row, guint j, guint w, gsize c)
{
    const guint left = j == 0 ? 1 : 0, right = 2 * j + 1 == w ? 1 : 0;

    memset(dst, 0, left * c * sizeof *dst);
    memcpy(dst + left * c, row + (2 * (gsize)j + left - 1) * c,
           (OVERLAP - left - right) * c * sizeof *dst);
    memset(dst + (OVERLAP - right) * c, 0, right * c * sizeof *dst);
}

/* 3x3, stride 2, padding 1. */
static void overlap_task(gpointer data, guint task, guint slot)
{
    const CnxLayer *t = data;
    const CnxStrip s = cnx_strip_of(t, task);
    const gsize c = t->in->c, line = OVERLAP * c, row = (gsize)t->in->w * c; /* floats */
    const float *image = input_of(t, s.image);
    float *patch = cnx_strip_scratch(t, slot); /* [pixels, 3, 3, c of in] */

    for (guint i = s.y0; i < s.y1; i++)
        for (guint j = 0; j < t->out->w; j++)
            for (guint k = 0; k < OVERLAP; k++, patch += line) {
                const gsize y = 2 * (gsize)i + k; /* the row + 1 */

                if (y == 0 || y > t->in->h)
                    memset(patch, 0, line * sizeof *patch);
                else
                    gather_row(patch, image + (y - 1) * row, j, t->in->w, c);
            }

    cnx_linear(t->run, t->linear,
               (CnxProduct){.m = s.pixels,
                            .a = cnx_strip_scratch(t, slot),
                            .c = t->y + s.pixel * t->out->c,
                            .act = t->act});
    apply_norm(t, &s);
}

void cnx_stem(CnxRun *run, guint n, float *mid, float *y)
{
    const CnxConfig *config = run->config;
    const CnxStageSize image = {run->height, run->width, 3};
    CnxLayer layer = {.run = run,
                      .in = &image,
                      .out = &run->stem_size,
                      .linear = &run->weights->stem[0],
                      .kernel = config->patch,
                      .norm = config->stem_norm ? &run->weights->stem_norm : NULL,
                      .y = y};

    if (config->stem != CNX_STEM_PATCH) {
        CnxLayer first = layer;

        first.out = &run->mid_size;
        first.norm = NULL;
        first.act = config->stem == CNX_STEM_OVERLAP_ACT ? config->act : CNX_ACT_NONE;
        first.y = mid;
        cnx_strips_cut(&first, CNX_STRIP_PIXELS);
        cnx_strips_loop(&first, n, overlap_task);
        layer.in = &run->mid_size;
        layer.linear = &run->weights->stem[1];
        layer.x = mid;
    }
    cnx_strips_cut(&layer, CNX_STRIP_PIXELS);
    cnx_strips_loop(&layer, n, config->stem == CNX_STEM_PATCH ? patch_task : overlap_task);
}
