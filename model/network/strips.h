/* Cutting a layer into strips of rows, one task each.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/network/forward.h"
#include "model/threads/threads.h"

/* What the tasks of one loop share. */
typedef struct CnxLayer {
    CnxRun *run;
    const CnxStageSize *in, *out;
    const CnxLinear *linear;
    const CnxBlock *block;
    const CnxNorm *norm;
    guint kernel;   /* side of the convolution */
    guint dilation; /* of a 2x2 convolution that keeps the size; 0: its stride is 2 */
    CnxAct act;     /* after the convolution */
    const float *x; /* [n, in]; NULL: run->images */
    float *y;       /* [n, out] */
    guint rows;     /* of out in the largest strip */
    guint strips;   /* of one image */
} CnxLayer;

typedef struct CnxStrip {
    guint image, index;
    guint y0, y1; /* rows of out */
    gsize pixel;  /* the first, counted over the batch */
    guint pixels;
} CnxStrip;

/* Strips of a map, about `pixels` large. Several are an even number of them, or many a multiple of
 * four, so that two or four threads have the same work. */
static inline guint cnx_strip_count(const CnxStageSize *size, guint pixels)
{
    const gsize least = ((gsize)size->h * size->w + pixels - 1) / pixels;
    const gsize step = least > 4 ? 4 : least > 1 ? 2 : 1;

    return (guint)MIN(size->h, (least + step - 1) / step * step);
}

/* Pixels of one strip of a block's map. Its depthwise convolution reads six rows more than it
 * writes, and should write several; but there should be work for eight threads. */
static inline guint cnx_block_pixels(const CnxStageSize *size)
{
    const gsize eighth = (gsize)size->h * size->w / 8;

    return (guint)CLAMP(eighth, CNX_STRIP_PIXELS, 4 * CNX_STRIP_PIXELS);
}

/* Rows of the largest strip. */
static inline guint cnx_strip_rows(const CnxStageSize *size, guint strips)
{
    return (size->h + strips - 1) / strips;
}

static inline void cnx_strips_cut(CnxLayer *layer, guint pixels)
{
    layer->strips = cnx_strip_count(layer->out, pixels);
    layer->rows = cnx_strip_rows(layer->out, layer->strips);
}

/* For work whose results no cut changes: two strips for each thread. */
static inline void cnx_strips_share(CnxLayer *layer)
{
    layer->strips = MIN(layer->out->h, 2 * layer->run->threads);
    layer->rows = cnx_strip_rows(layer->out, layer->strips);
}

static inline CnxStrip cnx_strip_of(const CnxLayer *layer, guint task)
{
    const CnxStageSize *out = layer->out;
    CnxStrip s = {.image = task / layer->strips, .index = task % layer->strips};

    s.y0 = (guint)((guint64)s.index * out->h / layer->strips);
    s.y1 = (guint)((s.index + (guint64)1) * out->h / layer->strips);
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
