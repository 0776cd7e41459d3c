/* Cutting a layer into strips of rows, one task each.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/forward.h"
#include "model/threads.h"

#define CNX_FEW_STRIP_PIXELS 32 /* of one task in the elementwise parts of layers of few pixels */

/* What the tasks of one loop share. */
typedef struct CnxLayer {
    CnxRun *run;
    const CnxStageSize *in, *out;
    const CnxLinear *linear;
    const CnxBlock *block;
    const CnxNorm *norm;
    guint kernel;   /* side of the convolution */
    CnxAct act;     /* after the convolution */
    const float *x; /* [n, in]; NULL: run->images */
    float *y;       /* [n, out] */
    guint rows;     /* of out in one strip */
    guint strips;   /* of one image */
} CnxLayer;

typedef struct CnxStrip {
    guint image, index;
    guint y0, y1; /* rows of out */
    gsize pixel;  /* the first, counted over the batch */
    guint pixels;
} CnxStrip;

/* Rows of one strip of a map, about `pixels` large. */
static inline guint cnx_strip_rows(const CnxStageSize *size, guint pixels)
{
    const gsize strips = ((gsize)size->h * size->w + pixels - 1) / pixels;

    return (guint)MAX(1, (size->h + strips - 1) / strips);
}

static inline void cnx_strips_cut(CnxLayer *layer, guint pixels)
{
    layer->rows = cnx_strip_rows(layer->out, pixels);
    layer->strips = (layer->out->h + layer->rows - 1) / layer->rows;
}

static inline CnxStrip cnx_strip_of(const CnxLayer *layer, guint task)
{
    const CnxStageSize *out = layer->out;
    CnxStrip s = {.image = task / layer->strips, .index = task % layer->strips};

    s.y0 = s.index * layer->rows;
    s.y1 = MIN(s.y0 + layer->rows, out->h);
    s.pixel = ((gsize)s.image * out->h + s.y0) * out->w;
    s.pixels = (s.y1 - s.y0) * out->w;
    return s;
}

static inline float *cnx_strip_scratch(const CnxLayer *layer, guint slot)
{
    return layer->run->scratch + slot * layer->run->scratch_size;
}

/* Runs fn over the strips of n images, with the layer as its data. */
static inline void cnx_strips_loop(CnxLayer *layer, guint n, CnxTaskFn *fn)
{
    cnx_threads_loop(layer->run->threads, n * layer->strips, fn, layer);
}
