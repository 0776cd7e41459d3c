/* The 2x2 convolution is a matrix product of gathered patches.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/network/downsample.h"

#include <string.h>

#include "model/network/linear.h"
#include "model/network/strips.h"

/* The normalised patches of a convolution that keeps the size of the map. Its taps are `dilation`
 * pixels apart. `dilation` zeros pad each row and column of the normalised map, half of them at
 * either end; an odd one goes to the right or the bottom. */
static void gather_dilated_patches(const CnxLayer *t, const CnxStrip *s, float *patches)
{
    const gsize c = t->in->c, row = (gsize)t->in->w * c; /* floats */
    const float *image = t->x + (gsize)s->image * t->in->h * row;
    const int h = (int)t->in->h, w = (int)t->in->w, d = (int)t->dilation;

    memset(patches, 0, (gsize)s->pixels * 4 * c * sizeof *patches);
    for (int i = (int)s->y0; i < (int)s->y1; i++, patches += (gsize)w * 4 * c)
        for (int tap = 0; tap < 4; tap++) {
            const int y = i + tap / 2 * d - d / 2, shift = tap % 2 * d - d / 2;
            const int from = MAX(0, -shift), to = MIN(w, w - shift); /* outputs that see the map */

            if (y >= 0 && y < h && from < to)
                t->run->norm(patches + ((gsize)from * 4 + (gsize)tap) * c, 4 * c,
                             image + (gsize)y * row + (gsize)(from + shift) * c, c, to - from,
                             (int)c, t->norm->weight, t->norm->bias, (float)t->run->config->eps);
        }
}

/* The normalised 2x2 patches of a strip: [pixels, 2, 2, c of in]. With stride 2, the last row or
 * column of an odd side is in no patch. */
static void gather_patches(const CnxLayer *t, const CnxStrip *s, float *patches)
{
    const gsize c = t->in->c, row = (gsize)t->in->w * c; /* floats */
    const float *image = t->x + (gsize)s->image * t->in->h * row;

    if (t->dilation > 0) {
        gather_dilated_patches(t, s, patches);
        return;
    }
    for (guint i = s->y0; i < s->y1; i++, patches += (gsize)t->out->w * 4 * c)
        for (guint tap = 0; tap < 4; tap++)
            t->run->norm(patches + tap * c, 4 * c, image + (2 * i + tap / 2) * row + tap % 2 * c,
                         2 * c, (int)t->out->w, (int)c, NULL, NULL, (float)t->run->config->eps);
}

static void downsample_task(gpointer data, guint task, guint slot)
{
    const CnxLayer *t = data;
    const CnxStrip s = cnx_strip_of(t, task);
    float *patches = cnx_strip_scratch(t, slot); /* [rows, w, 4 c of in] */
    const CnxProduct product = {.m = s.pixels,
                                .a = patches,
                                .rows = patches + cnx_strip_floats(t, 4 * (gsize)t->in->c),
                                .c = t->y + s.pixel * t->out->c};

    gather_patches(t, &s, patches);
    cnx_linear(t->run, t->linear, product);
}

static void gather_patches_task(gpointer data, guint task, guint slot)
{
    const CnxLayer *t = data;
    const CnxStrip s = cnx_strip_of(t, task);
    float *patches = t->run->patches + s.pixel * 4 * t->in->c;

    gather_patches(t, &s, patches);
    cnx_linear_round(t->run, t->linear, s.pixel, s.pixels, patches);
}

/* The dilation of the convolution before stage i by timm's rule; 0 means stride 2. */
static guint dilation_of(const CnxConfig *config, guint i)
{
    return cnx_config_stride(config, i) == 2 ? 0 : config->dilations[i] > 2 ? 2 : 1;
}

void cnx_downsample(CnxRun *run, guint i, guint n, const float *x, float *y)
{
    CnxLayer layer = {.run = run,
                      .in = i > 0 ? &run->size[i - 1] : &run->stem_size,
                      .out = &run->size[i],
                      .linear = &run->weights->stage[i].down,
                      .norm = &run->weights->stage[i].down_norm,
                      .dilation = dilation_of(run->config, i),
                      .x = x,
                      .y = y};

    if (cnx_prefers_columns(layer.out, n)) {
        cnx_strips_share(&layer);
        cnx_strips_loop(&layer, n, gather_patches_task);
        cnx_linear_columns(run, layer.linear, 1,
                           (CnxProduct){.m = n * layer.out->h * layer.out->w,
                                        .a = run->patches,
                                        .rows = run->rows,
                                        .c = y});
        return;
    }
    cnx_strips_cut(&layer, CNX_STRIP_PIXELS);
    cnx_strips_loop(&layer, n, downsample_task);
}
